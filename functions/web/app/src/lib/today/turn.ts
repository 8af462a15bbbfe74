/** When the day of an answer is over, by the server's clock, and what day it is then. */
import { addDays, dayIn, daysBetween, minutesOf, wallTime } from '../dates/dates';
import type { Today } from '../api/types';

const DAY = 86_400_000;
const MINUTE = 60_000;

type Answer = Pick<Today, 'as_of' | 'next_day_at'> & {
  me: Pick<Today['me'], 'time_zone' | 'day_start'>;
};

/** In milliseconds. */
export const untilNextDay = ({ next_day_at }: Pick<Today, 'next_day_at'>, now: number) =>
  Date.parse(next_day_at) - now;

/** The date of the person's day at an instant, which may be days after the answer. */
export function dayAt(now: number, answer: Answer): string {
  const over = -untilNextDay(answer, now);
  if (over < 0) return answer.as_of;
  // Even where this browser's time zones are older than the server's.
  const passed = Math.max(1, daysBetween(answer.as_of, labelAt(now, answer) ?? answer.as_of));
  const least = Math.floor((over - 2 * 60 * MINUTE) / DAY) + 1;
  return addDays(answer.as_of, Math.max(passed, least));
}

function labelAt(now: number, { me }: Answer): string | null {
  try {
    return dayIn(me.time_zone, me.day_start, now);
  } catch {
    return null;
  }
}

/** The local time of the account's time zone, `HH:MM`. */
export function wallTimeOf({ as_of, next_day_at, me }: Answer, now: number): string {
  try {
    return wallTime(me.time_zone, now);
  } catch {
    // This browser does not know the zone. When the next day begins there tells its offset.
    const wall = Date.parse(`${addDays(as_of, 1)}T00:00Z`) + minutesOf(me.day_start) * MINUTE;
    return new Date(now + wall - Date.parse(next_day_at)).toISOString().slice(11, 16);
  }
}
