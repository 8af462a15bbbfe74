import { dateIn, isZone, wallTime } from './dates';
import type { Locale } from '../api/types';

/**
 * An instant as local time of a time zone, its date as `dateIn` writes it and its time as those of
 * slips; in UTC, which it says, where this browser does not know the zone.
 */
export function formatInstant(
  instant: string,
  today: string,
  locale: Locale,
  timeZone: string,
  to: 'minute' | 'day' = 'minute',
): string {
  const known = isZone(timeZone);
  const zone = known ? timeZone : 'UTC';
  const time = Date.parse(instant);
  const date = new Intl.DateTimeFormat('sv', { timeZone: zone }).format(time);
  const parts = [dateIn(date, today, locale)];
  if (to === 'minute') parts.push(wallTime(zone, time));
  return `${parts.join(locale === 'ko' ? ' ' : ', ')}${known ? '' : ' UTC'}`;
}
