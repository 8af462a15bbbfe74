import { expect, it } from 'vitest';
import { resultBy } from './counting';
import { addDays } from '../dates/dates';
import type { CalendarDay, Food, Status, Streak } from '../api/types';

const AS_OF = '2026-03-11';
const food = (change: Partial<Food>) =>
  ({ id: 'sugar', start_date: '2026-03-01', counting: 'assume', ...change }) as Food;
const streak = (change: Partial<Streak>) => ({ as_of: AS_OF, ...change }) as Streak;
/** The days from the start on; a capital letter is recorded. */
const calendar = (start: string, letters: string) => (_: string, from: string, to: string) => {
  const names: Record<string, Status> = {
    k: 'kept',
    s: 'slipped',
    o: 'open',
    m: 'missing',
    f: 'skipped',
  };
  const days: CalendarDay[] = [...letters].map((letter, i) => ({
    date: addDays(start, i),
    status: names[letter.toLowerCase()]!,
    recorded: letter !== letter.toLowerCase(),
    slips: 0,
  }));
  return Promise.resolve(days.filter(({ date }) => from <= date && date <= to));
};

it('takes the way it counts now from the answer', async () => {
  const now = streak({ current_streak: 5, kept_days: 9 });
  expect(await resultBy('assume', food({}), now, calendar('2026-03-01', ''))).toEqual({
    current: 5,
    kept: 9,
  });
});

it('counts only what was confirmed, back to the first day that was not', async () => {
  const now = streak({ confirmed_days: 3 });
  const days = calendar('2026-03-01', 'KkkkkkkkKKo');
  expect(await resultBy('confirm', food({}), now, days)).toEqual({ current: 2, kept: 3 });
  const skipped = calendar('2026-03-01', 'kkkkkkkKFKo');
  expect((await resultBy('confirm', food({}), now, skipped)).current).toBe(2);
});

it('counts silence as kept, back to the last slip, over any number of pages', async () => {
  const now = streak({ kept_days: 1, missing_days: 897 });
  const start = addDays(AS_OF, -899);
  const days = calendar(start, `S${'m'.repeat(897)}Ko`);
  expect(
    await resultBy('assume', food({ counting: 'confirm', start_date: start }), now, days),
  ).toEqual({ current: 898, kept: 898 });
});
