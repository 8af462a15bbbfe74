/** HabitTrove: habits.json, or the zip of its data, whose settings name the time zone. */
import { isZone } from '../dates/dates';
import type { Found, Options } from './found';
import { datesIn } from './dates';
import { HabitReader, LeftOut } from './habit-reader';
import { type Fields, fieldsOf, listOf, textOf } from './json';

export const HABITTROVE_FILES = /(^|\/)(habits|settings)\.json$/;

export const isHabitTrove = (habits: Fields[]) => habits.some((habit) => 'completions' in habit);

export function readHabitTrove(habits: Fields[], settings: unknown, options: Options): Found {
  const said = textOf(fieldsOf(fieldsOf(settings).system).timezone);
  const known = said !== '' && isZone(said);
  const dateAt = datesIn(known ? said : options.zone);
  const left = new LeftOut();
  const kept = habits.filter(({ isTask, name }) => {
    if (isTask === true) left.add('task', textOf(name));
    return isTask !== true;
  });
  return {
    app: 'habittrove',
    habits: kept.map((habit) => {
      const target = Number(habit.targetCompletions) || 1;
      const reader = new HabitReader(
        { name: textOf(habit.name), archived: habit.archived === true, no: 'nothing' },
        options,
      );
      const times = new Map<string, number>();
      for (const completion of listOf(habit.completions).map(textOf)) {
        const date = dateAt(completion);
        if (date === null) reader.add(null, null, { source: completion });
        else times.set(date, (times.get(date) ?? 0) + 1);
      }
      for (const [date, count] of times) reader.add(date, count >= target ? 'yes' : 'no');
      return reader.habit();
    }),
    left: left.all(),
    asks: known ? [] : ['zone'],
  };
}
