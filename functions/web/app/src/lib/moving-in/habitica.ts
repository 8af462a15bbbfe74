/** Habitica: history.csv. Its value is a running score, so that it only tells that something was done on a day. */
import type { Found, Options } from './found';
import { byColumn } from './csv';
import { dateOf } from './dates';
import { HabitReader, LeftOut } from './habit-reader';

export const isHabitica = ([header = []]: string[][]) =>
  ['Task Name', 'Task ID', 'Date'].every((name) => header.includes(name));

export function readHabitica(rows: string[][], options: Options): Found {
  const left = new LeftOut();
  const readers = new Map<string, HabitReader>();
  for (const cell of byColumn(rows)) {
    const [name, type, source] = [cell('Task Name'), cell('Task Type'), cell('Date')];
    if (!['daily', 'habit'].includes(type)) {
      left.add('task', name);
      continue;
    }
    const key = cell('Task ID') || name;
    const marks = type === 'daily' ? 'kept' : 'slipped';
    const reader = readers.get(key) ?? new HabitReader({ name, marks }, options);
    readers.set(key, reader);
    reader.add(dateOf(source), 'yes', { source });
  }
  const habits = [...readers.values()].map((reader) => reader.habit());
  return { app: 'habitica', habits, left: left.all(), asks: [] };
}
