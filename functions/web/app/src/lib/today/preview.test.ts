import { expect, it } from 'vitest';
import { daysOf, samples, statsOf, streakOf } from './preview';

const TODAY = '2026-03-11';
const [soda, ramen] = samples(TODAY);
const streak = (outcome: 'kept' | 'slipped' | 'skipped' | null) =>
  streakOf(ramen!, daysOf(ramen!, TODAY, outcome));

it('counts by the rules of the API', () => {
  // Nine days and today, a slip three days ago.
  expect(streak(null)).toMatchObject({
    today: 'open',
    day_number: 10,
    current_streak: 2,
    longest_streak: 6,
    kept_days: 8,
    slip_days: 1,
    last_slip_on: '2026-03-08',
    next_milestone: { days: 3, remaining: 1, on: TODAY },
    milestones: [
      { days: 1, reached_on: '2026-03-02' },
      { days: 3, reached_on: '2026-03-04' },
    ],
  });
  expect(streak('kept')).toMatchObject({ current_streak: 3, kept_days: 9 });
  expect(streak('skipped')).toMatchObject({ current_streak: 2, kept_days: 8, skipped_days: 1 });
  expect(streak('slipped')).toMatchObject({ current_streak: 0, longest_streak: 6, kept_days: 8 });
});

it('has something to show in every picture', () => {
  const stats = statsOf(soda!, daysOf(soda!, TODAY, null));
  expect(stats.runs.map(({ days }) => days)).toEqual([8, 6, 6, 11, 11]);
  expect(stats.rate_30).toEqual({ kept: 27, counted: 29 });
  expect(stats.triggers[0]).toEqual({ trigger: 'tired', count: 2 });
  expect(stats.without_time).toBe(1);
});
