/** Table Habit: its JSON. Dates are days since 1970; a negative habit is one to stay at or below a number. */
import type { Found, Options } from './found';
import { dateOfDay } from './dates';
import { HabitReader, LeftOut } from './habit-reader';
import { type Fields, colorOf, fieldsOf, listOf, textOf } from './json';

export const isTableHabit = (habits: Fields[]) =>
  habits.some((habit) => typeof habit.type === 'number' && 'start_date' in habit);

const NEGATIVE = 2;
const DELETED = 2;
const ARCHIVED = 3;
const DONE = 1;
const SKIP = 2;

export function readTableHabit(habits: Fields[], options: Options): Found {
  const left = new LeftOut();
  const kept = habits.filter(({ status, name }) => {
    if (status === DELETED) left.add('deleted', textOf(name));
    return status !== DELETED;
  });
  return {
    app: 'tableHabit',
    habits: kept.map((habit) => {
      const negative = habit.type === NEGATIVE;
      const goal = Number(habit.daily_goal) || 0;
      const reader = new HabitReader(
        {
          name: textOf(habit.name),
          color: colorOf(habit.custom_color),
          archived: habit.status === ARCHIVED,
          start: dateOfDay(habit.start_date),
          marks: negative ? 'slipped' : 'kept',
        },
        options,
      );
      for (const record of listOf(habit.records).map(fieldsOf)) {
        const date = dateOfDay(record.record_date);
        const value = Number(record.record_value) || 0;
        const about = { source: textOf(record.record_date), note: textOf(record.reason) };
        if (record.record_type === SKIP) reader.add(date, 'skipped', about);
        else if (record.record_type !== DONE) reader.add(date, null, about);
        else {
          const marked = negative || !goal ? value > goal : value >= goal;
          const amount = `${value} ${textOf(habit.daily_goal_unit)}`;
          reader.add(date, marked ? 'yes' : 'no', { ...about, bites: marked ? [{ amount }] : [] });
        }
      }
      return reader.habit();
    }),
    left: left.all(),
    asks: [],
  };
}
