/** What the cells of a table may say. */
import type { Bite, State } from './found';

type Read = { state: State | null; bites?: Bite[] } | undefined;

const words = (text: string) => new Set(text.split(' '));
const EMPTY = words('- – — . ? n/a na null none -1 unknown 없음');
const YES = words(
  '✓ ✔ ☑ ● ◯ ○ o v y yes true done did check checked completed 예 네 함 했음 했어요 완료',
);
const NO = words('✗ ✘ ☒ ❌ × n no false missed failed 0 아니오 아니요 안함 못함 실패');
const SKIPPED = words('skip skipped s pass off dayoff 쉬어감 쉼 쉬는날 건너뜀');
const KEPT = words('kept 지킴 지켰어요');
const SLIPPED = words('slip slipped ate 먹음 먹었어요');
const NUMBER = /^\d+(?:[.,]\d+)?$/;

const simple = (cell: string) =>
  cell
    .trim()
    .toLowerCase()
    .replace(/[\s\ufe0f]/g, '');

/**
 * Reads the cells of one column. An x is a mark, unless there is an o beside it. Numbers count something, unless all of
 * them are the same: then they are marks.
 */
export function marksIn(cells: string[]): (cell: string) => Read {
  const there = new Set(cells.map(simple));
  const numbers = [...there].filter((cell) => NUMBER.test(cell) && Number(cell) !== 0);
  const counts = numbers.length > 1;
  const crossed = ['o', '○', '◯'].some((mark) => there.has(mark));
  return (cell) => {
    const mark = simple(cell);
    // In the words of our own export, which have a blank in them.
    if (!mark || EMPTY.has(mark) || /^(기록전|기록없음|notyet|nothingrecorded)$/.test(mark)) {
      return { state: null };
    }
    if (mark === 'x') return { state: crossed ? 'no' : 'yes' };
    if (NO.has(mark)) return { state: 'no' };
    if (YES.has(mark)) return { state: 'yes' };
    if (SKIPPED.has(mark)) return { state: 'skipped' };
    if (KEPT.has(mark)) return { state: 'kept' };
    if (SLIPPED.has(mark)) return { state: 'slipped' };
    if (!NUMBER.test(mark)) return undefined;
    if (Number(mark.replace(',', '.')) === 0) return { state: 'no' };
    return { state: 'yes', bites: counts ? [{ amount: mark }] : [] };
  };
}
