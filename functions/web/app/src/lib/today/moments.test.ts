import { expect, it } from 'vitest';
import { momentsOf } from './moments';
import type { Entry } from '../api/types';

const TODAY = '2026-03-11';
const entry = (id: string, reached: [number, string][], more: object = {}): Entry =>
  ({
    food: { id, goal_days: null, created_at: '2026-01-01T00:00:00Z', ...more },
    streak: {
      today: 'open',
      milestones: reached.map(([days, reached_on]) => ({ days, reached_on })),
      ...more,
    },
    ...more,
  }) as unknown as Entry;
const told = (foods: Entry[], seen: string[] = [], next_day_at = '2026-03-12T00:00:00Z') =>
  momentsOf({ foods, as_of: TODAY, next_day_at }, seen).map(({ food, days, goal }) => [
    food.id,
    days,
    goal,
  ]);

it('tells the highest badge of today or yesterday, and no older one', () => {
  const ramen = entry('ramen', [
    [1, '2026-03-10'],
    [3, '2026-03-11'],
  ]);
  const tea = entry('tea', [[30, '2026-03-10']]);
  const soda = entry('soda', [[7, '2026-03-09']]);
  expect(told([ramen, tea, soda])).toEqual([
    ['tea', 30, false],
    ['ramen', 3, false],
  ]);
});

it('tells the goal first', () => {
  const tea = entry('tea', [[30, '2026-03-10']]);
  const ramen = entry('ramen', [[20, '2026-03-11']], { goal_days: 20 });
  expect(told([tea, ramen])[0]).toEqual(['ramen', 20, true]);
});

it('is silent on the day of a slip, about what was put away, and about what was before', () => {
  const reached: [number, string][] = [[7, '2026-03-10']];
  expect(told([entry('ramen', reached, { today: 'slipped' })])).toEqual([]);
  expect(told([entry('ramen', reached)], ['ramen:7'])).toEqual([]);
  expect(told([entry('ramen', reached, { created_at: '2026-03-11T01:00:00Z' })])).toEqual([]);
  expect(told([entry('ramen', reached, { waiting: true })])).toEqual([]);
});

it('is silent about what was before the food, where the day there is not that of UTC', () => {
  const added = (created_at: string) => [entry('ramen', [[7, '2026-03-10']], { created_at })];
  const seoul = '2026-03-11T15:00:00Z';
  expect(told(added('2026-03-10T16:00:00Z'), [], seoul)).toEqual([]);
  expect(told(added('2026-03-10T14:00:00Z'), [], seoul)).toEqual([['ramen', 7, false]]);
});
