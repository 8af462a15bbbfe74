/** Pictures of foods: one grapheme cluster, which may be many characters, in colour. */

let segmenter: Intl.Segmenter | undefined;

/** The first grapheme cluster of a text. Browsers without `Intl.Segmenter` get an approximation. */
export function firstGrapheme(text: string): string {
  if ('Segmenter' in Intl) {
    // To make one takes fifty times as long as to use it.
    segmenter ??= new Intl.Segmenter();
    for (const { segment } of segmenter.segment(text)) return segment;
  }
  const flag = /^\p{Regional_Indicator}{2}/u;
  const mark = '[\\p{M}\\p{Emoji_Modifier}\\u{e0020}-\\u{e007f}]*';
  const rest = new RegExp(`^.${mark}(?:\\u200d.${mark})*`, 'su');
  return (flag.exec(text) ?? rest.exec(text))?.[0] ?? '';
}

/** Asks for the colour picture (U+FE0F) of those that are also signs of text, such as ☕: from ‼ to ㊙. */
export const inColor = (icon: string) => (/^[\u203c-\u3299]$/.test(icon) ? icon + '\ufe0f' : icon);

/** What stands for a food: its icon, or the first letter of its name. */
export const pictureOf = ({ icon, name }: { icon: string | null; name: string }) =>
  inColor(firstGrapheme(icon ?? name));
