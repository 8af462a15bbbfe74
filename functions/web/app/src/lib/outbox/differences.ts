/** Which part of two texts is not the same. */
export interface Piece {
  text: string;
  differs: boolean;
}

/** The first text cut into pieces: what both begin with, what is the first's alone, what both end with. */
export function differences(text: string, other: string): Piece[] {
  const [mine, theirs] = [[...text], [...other]];
  const shorter = Math.min(mine.length, theirs.length);
  let start = 0;
  while (start < shorter && mine[start] === theirs[start]) start += 1;
  let end = 0;
  while (end < shorter - start && mine.at(-1 - end) === theirs.at(-1 - end)) end += 1;
  const cut = (from: number, to: number) => mine.slice(from, to).join('');
  return [
    { text: cut(0, start), differs: false },
    { text: cut(start, mine.length - end), differs: true },
    { text: cut(mine.length - end, mine.length), differs: false },
  ].filter(({ text }) => text);
}
