import { expect, it } from 'vitest';
import { nextMilestone, progressOf, reachedMilestones } from './milestones';
import type { Food } from '../api/types';

const after = (run: number, goal_days: number | null = null) =>
  nextMilestone(run, { goal_days } as Food, { as_of: '2026-03-11', today: 'kept' }).days;

it('goes on from year to year, as the API does', () => {
  expect([0, 1, 99, 200, 364].map((run) => after(run))).toEqual([1, 3, 100, 365, 365]);
  expect([365, 400, 730, 1000].map((run) => after(run))).toEqual([730, 730, 1095, 1095]);
});

it('has the goal among its steps', () => {
  expect([3, 5, 400].map((run) => after(run, 5))).toEqual([5, 7, 730]);
  expect(after(400, 500)).toBe(500);
  expect(reachedMilestones(4, 2, '2026-03-01')).toEqual([
    { days: 1, reached_on: '2026-03-01' },
    { days: 2, reached_on: '2026-03-02' },
    { days: 3, reached_on: '2026-03-03' },
  ]);
});

it('counts an open day towards the next one', () => {
  const food = { goal_days: null } as Food;
  const on = (today: 'open' | 'kept') => nextMilestone(2, food, { as_of: '2026-03-11', today }).on;
  expect([on('open'), on('kept')]).toEqual(['2026-03-11', '2026-03-12']);
});

it('fills from badge to badge, and is full on the day of one', () => {
  expect([0, 6, 7, 8, 13, 14].map((run) => progressOf(run, run < 7 ? 7 : 14, null))).toEqual([
    0,
    3 / 4,
    1,
    1 / 7,
    6 / 7,
    1,
  ]);
  expect(progressOf(10, 12, 12)).toBe(3 / 5);
  expect(progressOf(12, 14, 12)).toBe(1);
  expect(progressOf(400, 730, null)).toBeCloseTo(35 / 365);
});
