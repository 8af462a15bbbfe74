/** The dates in files of other apps, as labels `YYYY-MM-DD`. */
import { addDays, isDate, minutesOf } from '../dates/dates';
import type { Order } from './found';

const label = (year: string, month: string, day: string) => {
  const date = `${year.length === 2 ? '20' : ''}${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isDate(date) ? date : null;
};

const YEAR_FIRST = /^(\d{4})(?:\s?[-./]|년)\s?(\d{1,2})(?:\s?[-./]|월)\s?(\d{1,2})(?!\d)/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)$/;
const YEAR_LAST = /^(\d{1,2})(?:\/(\d{1,2})\/(\d{4}|\d\d)|[-.]\s?(\d{1,2})[-.]\s?(\d{4}))(?!\d)/;

/** The date that a text begins with: 2026-11-25, 2026. 11. 25., 2026년 11월 25일, 20261125, 11/25/2026. */
export function dateOf(text: string, order: Order = 'mdy'): string | null {
  const trimmed = text.trim();
  const first = YEAR_FIRST.exec(trimmed) ?? COMPACT.exec(trimmed);
  if (first) return label(first[1]!, first[2]!, first[3]!);
  const last = yearLast(trimmed);
  if (!last) return null;
  const [one, other, year] = last;
  return order === 'mdy' ? label(year, one, other) : label(year, other, one);
}

function yearLast(text: string): [string, string, string] | null {
  const found = YEAR_LAST.exec(text);
  return found && [found[1]!, (found[2] ?? found[4])!, (found[3] ?? found[5])!];
}

/** The order that dates with the year at their end are in: null if they don't tell, undefined if there are none. */
export function orderOf(texts: string[]): Order | null | undefined {
  const dates = texts.map((text) => yearLast(text.trim())).filter((date) => date !== null);
  if (!dates.length) return undefined;
  if (dates.some(([one]) => Number(one) > 12)) return 'dmy';
  if (dates.some(([, other]) => Number(other) > 12)) return 'mdy';
  return null;
}

/** A day counted from 1970-01-01. */
export const dateOfDay = (day: unknown): string | null =>
  typeof day === 'number' && Number.isInteger(day) && Math.abs(day) < 100_000
    ? addDays('1970-01-01', day)
    : null;

/** The date of an instant, such as `2026-11-25T14:05:11.000Z`, in a time zone; a mere date stays as it is. */
export function datesIn(timeZone: string) {
  const format = new Intl.DateTimeFormat('sv', { timeZone });
  return (instant: string): string | null => {
    if (isDate(instant)) return instant;
    const time = Date.parse(instant);
    return Number.isNaN(time) ? null : format.format(time);
  };
}

/**
 * The date and time of a wall clock's `2026-11-25T01:30`. Where the person's day begins at 04:00, 01:30
 * belongs to the evening before.
 */
export function wallDay(text: string, dayStart: string): { date: string; time?: string } | null {
  const date = dateOf(text);
  const time = /[T ](([01]\d|2[0-3]):[0-5]\d)/.exec(text)?.[1];
  if (!date || !time) return date ? { date } : null;
  return { date: minutesOf(time) < minutesOf(dayStart) ? addDays(date, -1) : date, time };
}
