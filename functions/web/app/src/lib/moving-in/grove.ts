/** Grove: Grove_backup_*.json. Its trees are what is quit, and their relapses are slips; times are a wall clock's. */
import type { Found, Habit, Options } from './found';
import { wallDay } from './dates';
import { HabitReader, LeftOut } from './habit-reader';
import { type Fields, colorOf, fieldsOf, listOf, textOf } from './json';

export const isGrove = (file: Fields) => Array.isArray(file.trees);

/** A tree that is checked in on each day, rather than only when there was a slip. */
const CHECK_IN = 1;

function readTree(tree: Fields, options: Options): Habit {
  const wall = (text: string) => wallDay(text, options.dayStart);
  const checkIn = tree.mode === CHECK_IN;
  // It may be later than a slip.
  const start = wall(textOf(tree.startDate))?.date ?? null;
  const about = { name: textOf(tree.name), color: colorOf(tree.color), start };
  const reader = new HabitReader({ ...about, marks: checkIn ? 'kept' : 'slipped' }, options);
  const notes = fieldsOf(tree.checkInNotes);
  // Days have no time of day: theirs is midnight, whenever the day begins.
  const dayOf = (day: unknown) => wallDay(textOf(day), '00:00')?.date ?? null;
  for (const day of listOf(tree.checkInDays))
    reader.add(dayOf(day), 'yes', { source: textOf(day) });
  for (const day of listOf(tree.nullDays))
    reader.add(dayOf(day), 'skipped', { source: textOf(day) });
  // After the rest, since the last counts: on a day with a check-in too, a slip was one.
  for (const { timestamp, reason } of listOf(tree.relapses).map(fieldsOf)) {
    const source = textOf(timestamp);
    const at = wall(source);
    const bite = { time: at?.time, note: textOf(reason) };
    reader.add(at?.date ?? null, 'slipped', { source, bites: [bite] });
  }
  for (const [day, note] of Object.entries(notes)) {
    if (textOf(note)) reader.add(dayOf(day), null, { source: day, note: textOf(note) });
  }
  return reader.habit();
}

export const readGrove = (file: Fields, options: Options): Found => ({
  app: 'grove',
  habits: listOf(file.trees).map((tree) => readTree(fieldsOf(tree), options)),
  left: new LeftOut().all(),
  asks: [],
});
