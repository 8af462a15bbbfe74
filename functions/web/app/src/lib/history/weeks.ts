/** What weeks were like: how much was kept, how often was eaten, and whether it gets better. */
import type { Calendars, FoodWeek, ReviewWeek } from '../api/types';
import { addDays } from '../dates/dates';
import { weekday } from '../dates/months';

export interface Week extends FoodWeek {
  difficulty: number | null;
  cravings: number | null;
}

/** The Monday of the week of a date. */
export const mondayOf = (date: string) => addDays(date, -((weekday(date) + 6) % 7));

/** The weeks of all foods together. `reviews` has every week once, in order. */
export function weeksOf({ foods }: Calendars, reviews: ReviewWeek[]): Week[] {
  const weeks = reviews.map(({ week, difficulty, cravings }) => {
    return { week, kept: 0, counted: 0, slips: 0, difficulty, cravings };
  });
  const byMonday = new Map(weeks.map((week) => [week.week, week]));
  for (const { from, days, counts } of foods) {
    let monday = mondayOf(from);
    let left = 7 - ((weekday(from) + 6) % 7);
    for (const letter of days) {
      if (!left) [monday, left] = [addDays(monday, 7), 7];
      left -= 1;
      const week = byMonday.get(monday);
      if (!week) continue;
      week.kept += Number(letter === 'k');
      week.counted += Number('ksm'.includes(letter));
      week.slips += Number(letter === 's');
    }
    for (const { date, slips } of counts) {
      const week = byMonday.get(mondayOf(date));
      if (week) week.slips += slips - 1;
    }
  }
  return weeks;
}

/** So many weeks are looked at together: one bad week is not a fall. */
export const TOGETHER = 4;

/** The share of days kept in these weeks; null where nothing counts. */
export function shareOf(weeks: FoodWeek[]): number | null {
  const [kept, counted] = weeks.reduce(
    ([kept, counted], week) => [kept + week.kept, counted + week.counted],
    [0, 0],
  );
  return counted ? kept / counted : null;
}

/** For each week the share of days kept in it and the three before. */
export const calm = (weeks: FoodWeek[]) =>
  weeks.map(({ counted }, at) =>
    counted ? shareOf(weeks.slice(Math.max(0, at + 1 - TOGETHER), at + 1)) : null,
  );

/** A smaller difference between shares is none. */
const SAME = 0.03;

export interface Trend {
  now: number;
  before: number;
  is: 'better' | 'same' | 'harder';
}

/** The last four weeks beside the four before; null until there are as many. */
export function trendOf(weeks: FoodWeek[]): Trend | null {
  const counted = weeks.filter((week) => week.counted);
  if (counted.length < 2 * TOGETHER) return null;
  const now = shareOf(counted.slice(-TOGETHER))!;
  const before = shareOf(counted.slice(-2 * TOGETHER, -TOGETHER))!;
  const is = now - before > SAME ? 'better' : before - now > SAME ? 'harder' : 'same';
  return { now, before, is };
}
