/** A picture to share. It is drawn on this device, and names only what the person chose. */
import { rim, SIDE, sizeOf, star, starsAt, starsOf, tonesOf } from './badge';

/** Width and height in pixels. */
export const CARD = 1080;
const BADGE = 520;
const FONT = "system-ui, 'Apple SD Gothic Neo', 'Noto Sans KR', 'Noto Sans CJK KR', sans-serif";

export interface Card {
  days: number;
  /** The largest line. */
  title: string;
  /** What the person chose to tell besides, a line each. */
  lines: string[];
  /** The name of the app. */
  app: string;
}

export function draw(canvas: HTMLCanvasElement, { days, title, lines, app }: Card) {
  canvas.width = canvas.height = CARD;
  const context = canvas.getContext('2d')!;
  const tones = tonesOf(days);
  const fill = (shape: Path2D, color: string) => {
    context.fillStyle = color;
    context.fill(shape);
  };
  const write = (text: string, y: number, size: number, weight: number, color: string) => {
    context.fillStyle = color;
    context.font = `${weight} ${size}px ${FONT}`;
    // A long name is drawn narrower, and is not cut off.
    context.fillText(text, CARD / 2, y, CARD - 120);
  };
  context.fillStyle = '#faf6ef';
  context.fillRect(0, 0, CARD, CARD);
  context.textAlign = 'center';
  context.textBaseline = 'middle';

  const top = lines.length > 1 ? 70 : 120;
  context.save();
  context.translate((CARD - BADGE) / 2, top);
  context.scale(BADGE / SIDE, BADGE / SIDE);
  const disc = new Path2D();
  disc.arc(SIDE / 2, SIDE / 2, 31, 0, 2 * Math.PI);
  fill(new Path2D(rim(days)), tones.strong);
  fill(disc, tones.pale);
  const stars = starsAt(starsOf(days));
  for (const { x, y } of stars) fill(new Path2D(star(x, y, 5.5)), tones.strong);
  context.fillStyle = tones.strong;
  context.font = `800 ${sizeOf(days)}px ${FONT}`;
  context.fillText(`${days}`, SIDE / 2, SIDE / 2 - (stars.length ? 4 : 0));
  context.restore();

  write(title, top + BADGE + 90, 84, 800, '#2b241d');
  lines.forEach((line, i) => write(line, top + BADGE + 185 + i * 72, 48, 500, '#6b5f52'));
  write(app, CARD - 60, 40, 700, '#b8440f');
}

/** The picture as a file of its own. */
export const toFile = (canvas: HTMLCanvasElement, name: string) =>
  new Promise<File>((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(new File([blob], name, { type: 'image/png' }));
      else reject(new Error('the browser made no picture'));
    }, 'image/png');
  });

/** Whether this browser can hand the file to another app. */
export const canShare = (file: File) => !!navigator.canShare?.({ files: [file] });

export function download(file: File) {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
