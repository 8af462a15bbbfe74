/** Text of another app, made such that the API takes it: it refuses what could deceive, and what is too long. */

/** Anything but what shows nothing by itself. */
const VISIBLE =
  /[^\s\p{Cc}\p{Surrogate}\u00ad\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]/u;

/** Whether anything is seen of a text. */
export const isVisible = (text: string) => VISIBLE.test(text);

/** Without control characters and overrides of the direction, on several lines; '' where nothing is seen of it. */
function visible(text: string): string {
  if (!isVisible(text)) return '';
  return text
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(/[\t\v]/g, ' ')
    .replace(/[\u202a-\u202e\p{Cc}\p{Surrogate}]/gu, (mark) => (mark === '\n' ? mark : ''))
    .normalize('NFC')
    .trim();
}

/** Lengths are counted in Unicode scalar values, as the API counts them. */
export function clean(text: string, most: number): { text: string; cut: boolean } {
  const all = visible(text);
  // Most are short: not worth counting.
  if (all.length <= most) return { text: all, cut: false };
  const characters = Array.from(all);
  if (characters.length <= most) return { text: all, cut: false };
  return { text: characters.slice(0, most).join('').trim(), cut: true };
}

/** The same, on one line. */
export const cleanLine = (text: string, most: number) =>
  clean(visible(text).replace(/\s*\n\s*/g, ' '), most);
