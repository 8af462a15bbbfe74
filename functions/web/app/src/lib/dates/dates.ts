/** Arithmetic and formatting of dates, `YYYY-MM-DD`. They have no time zone; UTC is only used to calculate. */
import type { Locale } from '../api/types';

const DAY = 86_400_000;
const utc = (label: string) => Date.parse(`${label}T00:00:00Z`);
const label = (time: number) => new Date(time).toISOString().slice(0, 10);

export const addDays = (date: string, days: number) => label(utc(date) + days * DAY);

/** 0 is Sunday. */
export const weekday = (date: string) => new Date(utc(date)).getUTCDay();

export const monthOf = (date: string) => date.slice(0, 7);

export function addMonths(month: string, months: number): string {
  const date = new Date(utc(`${month}-01`));
  date.setUTCMonth(date.getUTCMonth() + months);
  return monthOf(label(date.getTime()));
}

/** All dates of a month, in order. */
export function datesOf(month: string): string[] {
  const end = `${addMonths(month, 1)}-01`;
  const dates: string[] = [];
  for (let date = `${month}-01`; date < end; date = addDays(date, 1)) dates.push(date);
  return dates;
}

type Style = 'day' | 'short' | 'medium' | 'weekday' | 'weekdayFull' | 'full' | 'month';

const styles: Record<Style, Intl.DateTimeFormatOptions> = {
  day: { month: 'long', day: 'numeric' },
  short: { month: 'short', day: 'numeric' },
  medium: { year: 'numeric', month: 'short', day: 'numeric' },
  weekday: { month: 'long', day: 'numeric', weekday: 'long' },
  weekdayFull: { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' },
  full: { year: 'numeric', month: 'long', day: 'numeric' },
  month: { year: 'numeric', month: 'long' },
};

export const formatDate = (date: string, locale: Locale, style: Style = 'day') =>
  new Intl.DateTimeFormat(locale, { ...styles[style], timeZone: 'UTC' }).format(utc(date));

const withYear = { day: 'full', short: 'medium', weekday: 'weekdayFull' } as const;

/** With the year if it is not the current one. */
export const dateIn = (
  date: string,
  today: string,
  locale: Locale,
  style: keyof typeof withYear = 'day',
) => formatDate(date, locale, date.slice(0, 4) === today.slice(0, 4) ? style : withYear[style]);

/** Names of the weekdays, Sunday first. 2023-01-01 was a Sunday. */
export const weekdayNames = (locale: Locale, width: 'narrow' | 'short' | 'long') =>
  Array.from({ length: 7 }, (_, i) =>
    new Intl.DateTimeFormat(locale, { weekday: width, timeZone: 'UTC' }).format(
      utc('2023-01-01') + i * DAY,
    ),
  );

/** An instant as local time of a time zone; in UTC, which it says, where this browser does not know the zone. */
export function formatInstant(
  instant: string,
  locale: Locale,
  timeZone: string,
  to: 'minute' | 'day' = 'minute',
): string {
  const known = isZone(timeZone);
  const text = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: to === 'minute' ? 'short' : undefined,
    timeZone: known ? timeZone : 'UTC',
  }).format(Date.parse(instant));
  return known ? text : `${text} UTC`;
}

/** The local time of a time zone at an instant, `HH:MM`. */
export const wallTime = (timeZone: string, instant: number) =>
  new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone }).format(instant);

/** Whether this browser knows a time zone: its database may be older than that of the API. */
export function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** Minutes since midnight of a time of day, `HH:MM`. */
export function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}

/** Today's date in this device's time zone. */
export const wallDate = () => new Intl.DateTimeFormat('sv').format(Date.now());

export const isDate = (text: string) => {
  const time = utc(text);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time) && label(time) === text;
};

export const daysBetween = (from: string, to: string) => Math.round((utc(to) - utc(from)) / DAY);

/** The date of the person's day at an instant: a day begins at `dayStart`, `HH:MM`, and not at midnight. */
export function dayIn(timeZone: string, dayStart: string, instant: number): string {
  const wall = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const time = Date.parse(`${wall.format(instant).replace(' ', 'T')}Z`);
  return label(time - minutesOf(dayStart) * 60_000);
}
