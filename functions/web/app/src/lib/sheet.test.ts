import { expect, it } from 'vitest';
import { isStored, noEdits, shownOutcome, toInput } from './sheet';
import type { Review, Status, Streak } from './types';

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
  expect(toInput([sugar], null, noEdits()).foods).toEqual([
    { food_id: 'sugar', outcome: 'kept', note: null },
  ]);
});

it('has nothing to say about a food that has not started', () => {
  expect(shownOutcome(streak('sugar', null), noEdits())).toBeNull();
  expect(toInput([streak('sugar', null)], null, noEdits()).foods).toEqual([]);
});

it('does not turn a slip or a skip range into an outcome by itself', () => {
  const foods = [streak('ramen', 'slipped'), streak('soda', 'skipped')];
  expect(toInput(foods, review(), noEdits()).foods).toEqual([]);
  const touched = toInput(foods, review(), { outcomes: { soda: 'kept' } });
  expect(touched.foods).toEqual([{ food_id: 'soda', outcome: 'kept', note: null }]);
});

it('sends back what a PUT would otherwise erase', () => {
  const foods = [{ food_id: 'sugar', outcome: 'kept', status: 'kept', note: 'tea' } as const];
  const stored = review({ difficulty: 4, mood: 2, note: 'long day', foods: [...foods] });
  const input = toInput([streak('sugar', 'kept')], stored, { outcomes: {}, difficulty: 1 });
  expect(input).toEqual({
    difficulty: 1,
    mood: 2,
    note: 'long day',
    foods: [{ food_id: 'sugar', outcome: 'kept', note: 'tea' }],
  });
});

it('knows when there is nothing to save', () => {
  const foods = [{ food_id: 'sugar', outcome: 'kept', status: 'kept', note: null } as const];
  const stored = review({ foods: [...foods] });
  const kept = [streak('sugar', 'kept')];
  expect(isStored(toInput(kept, null, noEdits()), null)).toBe(false);
  expect(isStored(toInput(kept, stored, noEdits()), stored)).toBe(true);
  expect(isStored(toInput(kept, stored, { outcomes: {}, note: ' ' }), stored)).toBe(true);
  expect(isStored(toInput(kept, stored, { outcomes: { sugar: 'slipped' } }), stored)).toBe(false);
  // A food added after the review is still open.
  const more = [...kept, streak('ramen', 'open')];
  expect(isStored(toInput(more, stored, noEdits()), stored)).toBe(false);
});
