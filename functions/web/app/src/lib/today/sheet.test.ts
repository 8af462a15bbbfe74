import { expect, it } from 'vitest';
import { isStored, noEdits, shownOutcome, wantedReview } from './sheet';
import type { Review, Status, Streak } from '../api/types';

const streak = (food_id: string, today: Status | null) => ({ food_id, today }) as Streak;
const review = (change: Partial<Review> = {}): Review => ({
  date: '2026-03-11',
  difficulty: null,
  mood: null,
  note: null,
  foods: [],
  slips: [],
  updated_at: '2026-03-11T12:00:00Z',
  ...change,
});

it('takes an open day as kept until it is touched', () => {
  const sugar = streak('sugar', 'open');
  expect(shownOutcome(sugar, noEdits())).toBe('kept');
  expect(shownOutcome(sugar, { outcomes: { sugar: 'slipped' } })).toBe('slipped');
  expect(wantedReview([sugar], null, noEdits()).foods).toEqual([
    { food_id: 'sugar', outcome: 'kept' },
  ]);
});

it('has nothing to say about a food that has not started', () => {
  expect(shownOutcome(streak('sugar', null), noEdits())).toBeNull();
  expect(wantedReview([streak('sugar', null)], null, noEdits()).foods).toEqual([]);
});

it('does not turn a slip or a skip range into an outcome by itself', () => {
  const foods = [streak('ramen', 'slipped'), streak('soda', 'skipped')];
  expect(wantedReview(foods, review(), noEdits()).foods).toEqual([]);
  const touched = wantedReview(foods, review(), { outcomes: { soda: 'kept' } });
  expect(touched.foods).toEqual([{ food_id: 'soda', outcome: 'kept' }]);
});

it('knows when there is nothing to save', () => {
  const foods = [{ food_id: 'sugar', outcome: 'kept', status: 'kept', note: null } as const];
  const stored = review({ foods: [...foods] });
  const kept = [streak('sugar', 'kept')];
  expect(isStored(wantedReview(kept, null, noEdits()), null)).toBe(false);
  expect(isStored(wantedReview(kept, stored, noEdits()), stored)).toBe(true);
  expect(isStored(wantedReview(kept, stored, { outcomes: {}, note: ' ' }), stored)).toBe(true);
  expect(isStored(wantedReview(kept, stored, { outcomes: { sugar: 'slipped' } }), stored)).toBe(
    false,
  );
  // A food added after the review is still open.
  const more = [...kept, streak('ramen', 'open')];
  expect(isStored(wantedReview(more, stored, noEdits()), stored)).toBe(false);
});
