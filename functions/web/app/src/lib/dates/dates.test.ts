import { expect, it } from 'vitest';
import { addDays, addMonths, dateIn, datesOf, formatDate, weekday, weekdayNames } from './dates';

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

it('names dates in both languages', () => {
  expect(formatDate('2026-03-05', 'ko')).toBe('3월 5일');
  expect(formatDate('2026-03-05', 'en')).toBe('March 5');
  expect(weekdayNames('ko', 'narrow')).toEqual([...'일월화수목금토']);
});

it('names the year of another year only', () => {
  expect(dateIn('2026-12-31', '2026-03-05', 'ko')).toBe('12월 31일');
  expect(dateIn('2025-12-31', '2026-03-05', 'ko')).toBe('2025년 12월 31일');
  expect(dateIn('2027-01-01', '2026-03-05', 'en')).toBe('January 1, 2027');
  expect(dateIn('2025-12-31', '2026-03-05', 'en', 'short')).toBe('Dec 31, 2025');
});
