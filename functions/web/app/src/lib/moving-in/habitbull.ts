/** HabitBull: its CSV, with a row for each habit and day. */
import type { Found, Options } from './found';
import { byColumn } from './csv';
import { dateOf } from './dates';
import { HabitReader, LeftOut } from './habit-reader';

export const isHabitBull = ([header = []]: string[][]) =>
  header[0]?.trim() === 'HabitName' && header.some((cell) => cell.trim() === 'CalendarDate');

/** What it writes for a day without an answer, which is no number that it counts. */
const NOTHING = -2_000_000_000;

export function readHabitBull(rows: string[][], options: Options): Found {
  const readers = new Map<string, HabitReader>();
  for (const cell of byColumn(rows)) {
    const name = cell('HabitName');
    // The header may come again where files were put together.
    if (name === 'HabitName') continue;
    const reader = readers.get(name) ?? new HabitReader({ name }, options);
    readers.set(name, reader);
    const source = cell('CalendarDate');
    const value = cell('Value').trim();
    const note = cell('CommentText');
    // 4/11/2019 is April 11, whatever language the phone is in.
    const date = dateOf(source, 'mdy');
    const number = Number(value);
    if (!value || number < NOTHING) reader.add(date, null, { source, note });
    else if (Number.isNaN(number) || number < 0) reader.unknown(value);
    else {
      const bites = number > 1 ? [{ amount: value }] : [];
      reader.add(date, number > 0 ? 'yes' : 'no', { source, note, bites });
    }
  }
  const habits = [...readers.values()].map((reader) => reader.habit());
  return { app: 'habitbull', habits, left: new LeftOut().all(), asks: [] };
}
