import { expect, it } from 'vitest';
import { formatInstant } from './instants';
import { addDays, dateIn, formatDate } from './dates';
import { addMonths, datesOf, sameDay, weekday, weekdayNames } from './months';

it('counts labels, not hours', () => {
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
  expect(addDays('2026-03-29', 1)).toBe('2026-03-30');
  expect(weekday('2026-03-01')).toBe(0);
});

it('walks months', () => {
  expect(addMonths('2026-12', 1)).toBe('2027-01');
  expect(addMonths('2026-03', -1)).toBe('2026-02');
  expect(datesOf('2028-02')).toHaveLength(29);
  expect(datesOf('2026-11').at(-1)).toBe('2026-11-30');
});

it('finds the same day of another month, or its last', () => {
  expect(sameDay('2026-11-27', -1)).toBe('2026-10-27');
  expect(sameDay('2026-05-31', -3)).toBe('2026-02-28');
  expect(sameDay('2028-02-29', -12)).toBe('2027-02-28');
});

it('writes the date of an instant as any other date', () => {
  const at = (today: string, locale: 'ko' | 'en', to?: 'day') =>
    formatInstant('2026-11-27T15:30:00Z', today, locale, 'Asia/Seoul', to);
  expect(at('2026-11-28', 'ko')).toBe('11월 28일 00:30');
  expect(at('2027-01-01', 'ko', 'day')).toBe('2026년 11월 28일');
  expect(at('2026-11-28', 'en')).toBe('November 28, 00:30');
  expect(at('2027-01-01', 'en', 'day')).toBe('November 28, 2026');
  expect(formatInstant('2026-11-27T15:30:00Z', '2026-11-27', 'ko', 'Mars/Olympus')).toBe(
    '11월 27일 15:30 UTC',
  );
});

it('names dates in both languages', () => {
  expect(formatDate('2026-03-05', 'ko')).toBe('3월 5일');
  expect(formatDate('2026-03-05', 'en')).toBe('March 5');
  expect(weekdayNames('ko', 'narrow')).toEqual([...'일월화수목금토']);
});

it('names the year of another year only', () => {
  expect(dateIn('2026-12-31', '2026-03-05', 'ko')).toBe('12월 31일');
  expect(dateIn('2025-12-31', '2026-03-05', 'ko')).toBe('2025년 12월 31일');
  expect(dateIn('2027-01-01', '2026-03-05', 'en')).toBe('January 1, 2027');
  expect(dateIn('2025-12-31', '2026-03-05', 'ko', 'weekday')).toBe('2025년 12월 31일 수요일');
});
