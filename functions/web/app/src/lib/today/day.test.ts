import { expect, it } from 'vitest';
import { overlayDay, statusOf } from './day';
import * as write from '../outbox/write';
import type { Item } from '../outbox/item';
import type { Write } from '../outbox/item';
import type { Review, Slip } from '../api/types';

const DATE = '2026-03-05';
const items = (...writes: Write[]) =>
  writes.map((write, seq): Item => ({ ...write, seq, account: 'me' }));
const slip = (id: string, change: Partial<Slip> = {}): Slip => ({
  id,
  date: DATE,
  food_id: 'ramen',
  time: null,
  craving: null,
  trigger: null,
  amount: null,
  note: null,
  ...change,
});
const review: Review = {
  date: DATE,
  difficulty: 2,
  mood: null,
  note: 'rain',
  foods: [{ food_id: 'ramen', outcome: 'kept', status: 'kept', note: null }],
  slips: [slip('one')],
  updated_at: '',
};

it('shows what waits to be sent as if it were stored', () => {
  const note = write.review(DATE, { note: 'sun' }, review);
  const more = write.slip(slip('two', { time: '21:00' }));
  const laid = overlayDay(DATE, review, items(note, more))!;
  expect([laid.note, laid.difficulty]).toEqual(['sun', 2]);
  expect(laid.slips.map(({ id }) => id)).toEqual(['one', 'two']);
  expect(overlayDay(DATE, null, items(note))!.note).toBe('sun');
});

it('moves and removes slips', () => {
  const moved = write.slip(slip('one', { date: '2026-03-04' }), slip('one'));
  expect(overlayDay(DATE, review, items(moved))!.slips).toEqual([]);
  expect(overlayDay('2026-03-04', null, items(moved))!.slips).toHaveLength(1);
  expect(overlayDay(DATE, review, items(write.removeSlip(slip('one'))))!.slips).toEqual([]);
});

it('leaves other dates alone', () => {
  const other = write.review('2026-03-04', { note: 'sun' }, null);
  expect(overlayDay(DATE, review, items(other))).toBe(review);
  expect(
    overlayDay(DATE, null, items(write.addFood({ id: 'tea', name: 'tea', start_date: DATE }))),
  ).toBeNull();
});

it('says what counts: a slip before what was said, and that before days off', () => {
  expect(statusOf('ramen', review, true)).toBe('slipped');
  expect(statusOf('ramen', { ...review, slips: [] }, true)).toBe('kept');
  expect(statusOf('ramen', null, true)).toBe('skipped');
  expect(statusOf('ramen', null, false)).toBeNull();
});
