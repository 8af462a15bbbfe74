/** How a badge is drawn: the shape tells its rank without colour. Used for SVG and canvas alike. */

/** The side of the square that a badge is drawn in. */
export const SIDE = 96;
const CENTER = SIDE / 2;
const RANKS = [1, 3, 7, 14, 21, 30, 50, 66, 100, 200, 365];

/** From 0 for the first badge to 10 for the first year; every later one has the rank of a year. */
const rankOf = (days: number) => RANKS.filter((rank) => rank <= days).length - 1;

const at = (angle: number, radius: number) => {
  const [x, y] = [CENTER + radius * Math.sin(angle), CENTER - radius * Math.cos(angle)];
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
};

/** The rim, as the data of an SVG path: the higher the rank, the more petals it has. */
export function rim(days: number): string {
  const petals = 6 + rankOf(days);
  const step = (2 * Math.PI) / petals;
  const curves = Array.from({ length: petals }, (_, i) => {
    const start = i * step;
    return `Q${at(start + step / 2, 46 + 60 / petals)} ${at(start + step, 38)}`;
  });
  return `M${at(0, 38)}${curves.join('')}Z`;
}

/** Stars below the number: one from a month on, two from a hundred days on, three from a year on. */
export const starsOf = (days: number) => [30, 100, 365].filter((from) => days >= from).length;

/** A five-pointed star around a point. */
export function star(x: number, y: number, radius: number): string {
  const points = Array.from({ length: 10 }, (_, i) => {
    const [angle, length] = [(i * Math.PI) / 5, i % 2 ? radius * 0.42 : radius];
    return `${(x + length * Math.sin(angle)).toFixed(1)} ${(y - length * Math.cos(angle)).toFixed(1)}`;
  });
  return `M${points.join('L')}Z`;
}

/** Where the stars of a badge stand. */
export const starsAt = (count: number): { x: number; y: number }[] =>
  Array.from({ length: count }, (_, i) => ({ x: CENTER + (i - (count - 1) / 2) * 13, y: 66 }));

/** How large the number is written, so that four digits fit. */
export const sizeOf = (days: number) => [30, 30, 28, 23, 18][`${days}`.length - 1] ?? 15;

/** The colours of a badge, as pale and strong: they only repeat what shape, number and stars say. */
export function tonesOf(days: number): { pale: string; strong: string } {
  const tones: [number, string, string][] = [
    [365, '#fbe7a8', '#8a5a00'],
    [100, '#ead9f7', '#6b3fa0'],
    [30, '#d5e3fa', '#2f5fa8'],
    [7, '#d4efdd', '#256844'],
  ];
  const [, pale, strong] = tones.find(([from]) => days >= from) ?? [0, '#fbdcc8', '#a8410f'];
  return { pale, strong };
}
