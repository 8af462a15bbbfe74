import { expect, it } from 'vitest';
import { daysOf, open, sample } from './test-files';

it('takes from Habitica that something was done on a day, and nothing of its score', async () => {
  const { app, habits } = await open(sample('habitica-tasks-history.csv'));
  expect(app).toBe('habitica');
  expect(habits.map(({ name, marks }) => [name, marks])).toEqual([
    ['No sugar', 'kept'],
    ['Soda', 'slipped'],
  ]);
  expect(daysOf(habits[0])).toEqual(['2026-11-24 yes', '2026-11-25 yes']);
});
