import { expect, it } from 'vitest';
import { summarize } from './summary';
import type { Review } from '../api/types';

type ReviewedFood = Review['foods'][number];
const food = (
  food_id: string,
  status: ReviewedFood['status'],
  more: Partial<ReviewedFood> = {},
) => ({ food_id, status, outcome: null, note: null, ...more });
const all = () => true;
const names = (foods: ReviewedFood[]) => foods.map(({ food_id }) => food_id);

it('tells eighteen kept foods in one', () => {
  const foods = Array.from({ length: 18 }, (_, i) => food(`${i}`, 'kept', { outcome: 'kept' }));
  expect(summarize(foods, all)).toEqual({ named: [], kept: 18, rest: true });
});

it('names what was not kept, and says that the rest was', () => {
  const foods = [food('ramen', 'slipped'), food('soda', 'kept'), food('tea', 'skipped')];
  const { named, kept, rest } = summarize([...foods, food('bread', 'kept')], all);
  expect([names(named), kept, rest]).toEqual([['ramen', 'tea'], 2, true]);
});

it('shows the status: a slip after a kept day is a slip', () => {
  const { named } = summarize([food('ramen', 'slipped', { outcome: 'kept' })], all);
  expect(named[0]!.status).toBe('slipped');
});

it('does not claim the rest where something is open or missing', () => {
  const foods = [food('ramen', 'kept'), food('soda', 'kept'), food('tea', 'missing')];
  expect(summarize(foods, all)).toEqual({ named: [], kept: 2, rest: false });
});

it('keeps the name of one food, of notes, and forgets what is deleted', () => {
  const one = summarize([food('ramen', 'kept', { outcome: 'kept' })], all);
  expect([names(one.named), one.kept]).toEqual([['ramen'], 0]);
  const foods = [food('ramen', 'kept', { note: 'hard' }), food('gone', 'slipped')];
  const { named, kept } = summarize(foods, (id) => id !== 'gone');
  expect([names(named), kept]).toEqual([['ramen'], 0]);
});
