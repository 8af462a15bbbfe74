/** Arithmetic and formatting of dates, `YYYY-MM-DD`. They have no time zone; UTC is only used to calculate. */
import type { Locale } from '../api/types';

const DAY = 86_400_000;
const utc = (label: string) => Date.parse(`${label}T00:00:00Z`);
const label = (time: number) => new Date(time).toISOString().slice(0, 10);

export const addDays = (date: string, days: number) => label(utc(date) + days * DAY);

type Style = 'day' | 'weekday' | 'month';

const DATE: Intl.DateTimeFormatOptions = { month: 'long', day: 'numeric' };
const styles: Record<Style, Intl.DateTimeFormatOptions> = {
  day: DATE,
  weekday: { ...DATE, weekday: 'long' },
  month: { year: 'numeric', month: 'long' },
};
/** A date of this year, or a month. */
export const formatDate = (date: string, locale: Locale, style: Style = 'day') =>
  new Intl.DateTimeFormat(locale, { ...styles[style], timeZone: 'UTC' }).format(utc(date));

/** The one way to write a date: with the year if it is not that of today. */
export const dateIn = (date: string, today: string, locale: Locale, style: Style = 'day') =>
  new Intl.DateTimeFormat(locale, {
    year: date.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric',
    ...styles[style],
    timeZone: 'UTC',
  }).format(utc(date));

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
