/** Months, `YYYY-MM`, and weeks. A date alone is read as UTC, by the language's own rule. */
import { addDays } from './dates';
import type { Locale } from '../api/types';

/** 0 is Sunday. */
export const weekday = (date: string) => new Date(date).getUTCDay();

export const monthOf = (date: string) => date.slice(0, 7);

export function addMonths(month: string, months: number): string {
  const date = new Date(`${month}-01`);
  date.setUTCMonth(date.getUTCMonth() + months);
  return monthOf(date.toISOString());
}

/** The same day of another month, or that month's last day. */
export function sameDay(date: string, months: number): string {
  const dates = datesOf(addMonths(monthOf(date), months));
  return dates[Number(date.slice(8)) - 1] ?? dates.at(-1)!;
}

/** All dates of a month, in order. */
export function datesOf(month: string): string[] {
  const end = `${addMonths(month, 1)}-01`;
  const dates: string[] = [];
  for (let date = `${month}-01`; date < end; date = addDays(date, 1)) dates.push(date);
  return dates;
}

/** Names of the weekdays, Sunday first. 2023-01-01 was a Sunday. */
export const weekdayNames = (locale: Locale, width: 'narrow' | 'short' | 'long') =>
  Array.from({ length: 7 }, (_, i) =>
    new Intl.DateTimeFormat(locale, { weekday: width, timeZone: 'UTC' }).format(
      Date.parse(addDays('2023-01-01', i)),
    ),
  );
