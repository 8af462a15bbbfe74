import { describe, expect, it } from 'vitest';
import { calm, mondayOf, shareOf, trendOf, weeksOf } from './weeks';
import type { Calendars } from '../api/types';

const week = (kept: number, counted: number) => ({
  week: '',
  kept,
  counted,
  slips: counted - kept,
});
const weeks = (...shares: [number, number][]) =>
  shares.map(([kept, counted]) => week(kept, counted));

it('begins weeks on Monday', () => {
  expect(['2026-03-08', '2026-03-09', '2026-03-15'].map(mondayOf)).toEqual([
    '2026-03-02',
    '2026-03-09',
    '2026-03-09',
  ]);
});

it('adds up the days and slips of all foods, and leaves out those of other weeks', () => {
  const calendars: Calendars = {
    from: '2026-03-02',
    to: '2026-03-11',
    foods: [
      {
        food_id: 'ramen',
        from: '2026-03-06',
        days: 'ksdkmo',
        counts: [{ date: '2026-03-07', slips: 3 }],
      },
      { food_id: 'soda', from: '2026-03-01', days: 'ssk', counts: [] },
    ],
  };
  const reviews = ['2026-03-02', '2026-03-09'].map((week) => {
    return { week, reviews: 1, difficulty: 2.5, mood: null, cravings: null };
  });
  expect(weeksOf(calendars, reviews)).toEqual([
    { week: '2026-03-02', kept: 2, counted: 4, slips: 4, difficulty: 2.5, cravings: null },
    { week: '2026-03-09', kept: 1, counted: 2, slips: 0, difficulty: 2.5, cravings: null },
  ]);
});

describe('a curve that forgives', () => {
  it('looks at four weeks together', () => {
    expect(calm(weeks([7, 7], [7, 7], [7, 7], [0, 7], [7, 7]))).toEqual([1, 1, 1, 0.75, 0.75]);
  });

  it('says nothing of weeks in which nothing counts', () => {
    expect(calm(weeks([7, 7], [0, 0], [7, 7]))).toEqual([1, null, 1]);
    expect(shareOf(weeks([0, 0]))).toBeNull();
  });
});

describe('whether it gets better', () => {
  const four = (kept: number) => Array.from({ length: 4 }, (): [number, number] => [kept, 7]);

  it('is said from the eighth week on', () => {
    expect(trendOf(weeks(...four(3), ...four(6).slice(1)))).toBeNull();
    expect(trendOf(weeks(...four(3), ...four(6)))).toEqual({
      now: 6 / 7,
      before: 3 / 7,
      is: 'better',
    });
  });

  it('is not said of a small difference, and is kind where it is harder', () => {
    expect(trendOf(weeks(...four(6), ...four(6)))!.is).toBe('same');
    expect(trendOf(weeks(...four(6), [5, 7], ...four(6).slice(1)))!.is).toBe('harder');
    expect(trendOf(weeks(...four(6), [0, 0], ...four(6)))!.is).toBe('same');
  });
});
