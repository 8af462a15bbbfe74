/** Beaver Habit Tracker: its JSON. */
import type { Found, Options, State } from './found';
import { dateOf } from './dates';
import { HabitReader, LeftOut } from './habit-reader';
import { type Fields, fieldsOf, listOf, textOf } from './json';

export const isBeaver = (habits: Fields[]) =>
  habits.some(
    (habit) => Array.isArray(habit.records) && !('type' in habit) && !('completions' in habit),
  );

/** A day off is a day with this text. */
const SKIP = /^\s*#?skip(ped)?\s*$/i;

export function readBeaver(habits: Fields[], options: Options): Found {
  const left = new LeftOut();
  const kept = habits.filter(({ status, name }) => {
    if (status === 'soft_delete') left.add('deleted', textOf(name));
    return status !== 'soft_delete';
  });
  return {
    app: 'beaver',
    habits: kept.map((habit) => {
      const reader = new HabitReader(
        {
          name: textOf(habit.name),
          archived: habit.status === 'archive',
          // A day with a note alone is one that is not done.
          no: 'nothing',
        },
        options,
      );
      for (const { day, done, text } of listOf(habit.records).map(fieldsOf)) {
        const source = textOf(day);
        const note = textOf(text);
        const skipped = SKIP.test(note);
        const state: State = skipped ? 'skipped' : done === true ? 'yes' : 'no';
        reader.add(dateOf(source), state, { source, note: skipped ? '' : note });
      }
      return reader.habit();
    }),
    left: left.all(),
    asks: [],
  };
}
