import { expect, it } from 'vitest';
import { isCounting, shownOutcome, unanswered, unansweredYesterday } from './sheet';
import type { Counting, Status, Streak, Today } from '../api/types';

const streak = (food_id: string, today: Status | null) => ({ food_id, today }) as Streak;
const day = (foods: [string, Counting, Status | null][], pending: string[] = []) =>
  ({
    foods: foods.map(([id, counting, today]) => ({
      food: { id, counting },
      streak: streak(id, today),
    })),
    pending: pending.length ? { date: '2026-03-10', food_ids: pending } : null,
  }) as unknown as Today;

it('takes an open day as answered by nobody until somebody chooses', () => {
  const sugar = streak('sugar', 'open');
  expect(shownOutcome(sugar, {})).toBeNull();
  expect(shownOutcome(sugar, { 'sugar.outcome': 'slipped' })).toBe('slipped');
});

it('has nothing to say about a food that has not started', () => {
  expect(shownOutcome(streak('sugar', null), {})).toBeNull();
});

it('shows what is stored, or comes of a slip or days off, and a choice laid over it', () => {
  expect(shownOutcome(streak('soda', 'skipped'), {})).toBe('skipped');
  expect(shownOutcome(streak('ramen', 'slipped'), {})).toBe('slipped');
  expect(shownOutcome(streak('soda', 'kept'), { 'soda.outcome': null })).toBeNull();
});

it('waits for an answer only where each day is to be confirmed', () => {
  const data = day(
    [
      ['ramen', 'assume', 'open'],
      ['soda', 'confirm', 'open'],
      ['tea', 'confirm', 'kept'],
    ],
    ['ramen', 'soda'],
  );
  expect(unanswered(data)).toEqual(['soda']);
  expect(unansweredYesterday(data)).toEqual({ date: '2026-03-10', food_ids: ['soda'] });
  expect(unansweredYesterday(day([['ramen', 'assume', 'open']], ['ramen']))).toBeNull();
});

it('says that an open day counts where silence does, and nowhere else', () => {
  expect(isCounting({ counting: 'assume' }, 'open')).toBe(true);
  expect(isCounting({ counting: 'confirm' }, 'open')).toBe(false);
  expect(isCounting({ counting: 'assume' }, 'slipped')).toBe(false);
  expect(isCounting({ counting: 'assume' }, null)).toBe(false);
});
