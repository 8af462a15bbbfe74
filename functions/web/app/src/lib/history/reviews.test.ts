import { expect, it } from 'vitest';
import { overlayReviews } from './reviews';
import * as write from '../outbox/write';
import type { Item, Write } from '../outbox/item';
import type { Review, Slip } from '../api/types';

const items = (...writes: Write[]) =>
  writes.map((write, seq): Item => ({ ...write, seq, account: 'me' }));
const review = (date: string, note: string): Review => ({
  date,
  difficulty: null,
  mood: null,
  note,
  foods: [{ food_id: 'ramen', outcome: null, status: 'kept', note: null }],
  slips: [],
  updated_at: '',
});
const [fifth, third] = [review('2026-03-05', 'rain'), review('2026-03-03', 'snow')];
const reviews = [fifth, third];
const all = () => true;

it('says what is changed, and leaves the others as they are', () => {
  const changed = write.review(third.date, { note: 'sun' }, third);
  const laid = overlayReviews(reviews, items(changed), all);
  expect(laid.map(({ note }) => note)).toEqual(['rain', 'sun']);
  expect(laid[0]).toBe(fifth);
});

it('has a date that is new where the list would have it', () => {
  const added = items(write.review('2026-03-04', { note: 'sun' }, null));
  const dates = (listed: (date: string) => boolean) =>
    overlayReviews(reviews, added, listed).map(({ date }) => date);
  expect(dates(all)).toEqual(['2026-03-05', '2026-03-04', '2026-03-03']);
  expect(dates((date) => date > '2026-03-04')).toEqual(['2026-03-05', '2026-03-03']);
});

it('lacks a date that is emptied', () => {
  const emptied = items(write.removeReview(fifth));
  expect(overlayReviews(reviews, emptied, all)).toEqual([third]);
});

it('tells of a food with a slip that it was eaten', () => {
  const slip = { id: 'one', date: fifth.date, food_id: 'ramen', note: 'late' } as Slip;
  const [laid] = overlayReviews(reviews, items(write.slip(slip)), all);
  expect(laid!.foods.map(({ status }) => status)).toEqual(['slipped']);
  expect(laid!.slips).toEqual([slip]);
  const [alone] = overlayReviews([], items(write.slip(slip)), all);
  expect(alone!.foods.map(({ food_id, status }) => [food_id, status])).toEqual([
    ['ramen', 'slipped'],
  ]);
});
