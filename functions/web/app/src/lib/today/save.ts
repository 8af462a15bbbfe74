/** Saves what the first screen says of the day. */
import { type Draft, forget } from '../drafts/drafts.svelte';
import { outbox, type Written } from '../outbox/outbox.svelte';
import { changeReview, review, slip } from '../outbox/write';
import { uuid } from '../ui/uuid';
import { formOf } from './sheet';
import { newSlip, toSlip } from './slip-draft';
import type { Review } from '../api/types';
import type { Fields } from '../outbox/fields';

type Undo = () => Promise<void>;

const undoOf =
  (written: Written[]): Undo =>
  async () => {
    for (const one of [...written].reverse()) await one.undo();
  };

/** What goes into the review, and the slips that say of a food that it was eaten. */
export function split(change: Fields, slips: Record<string, Draft>) {
  const told = Object.keys(slips).filter(
    (food) => change[`${food}.outcome`] === 'slipped' && slips[food]!.changed,
  );
  const rest: Fields = { ...change };
  for (const food of told) delete rest[`${food}.outcome`];
  return { told, rest };
}

/** What the review of a date would be sent of its draft, beside the slips that are told of in detail. */
export const inReview = (date: string, food_ids: string[], { change }: Draft) =>
  split(change, slipsOf(date, food_ids)).rest;

const slipsOf = (date: string, food_ids: string[]) =>
  Object.fromEntries(food_ids.map((food) => [food, newSlip(date, food)]));

/**
 * Saves the draft of a date: a food eaten with time or trigger as a slip, all else in the review.
 * Gives the review as it is stored then, if it was answered.
 */
export async function saveDay(
  date: string,
  food_ids: string[],
  draft: Draft,
): Promise<{ undo: Undo; review?: Review }> {
  const slips = slipsOf(date, food_ids);
  const { typed } = draft;
  const { told, rest } = split(draft.change, slips);
  const sending = told.map((food) =>
    slips[food]!.send<{ review: Review }>(slip(toSlip(uuid(), slips[food]!.fields))),
  );
  const others = Object.keys(rest).length > 0;
  if (others) sending.push(draft.send(changeReview(date, rest, draft.seen)));
  const sent = await Promise.all(sending);
  if (!others) forget(formOf(date), typed);
  // The writes are sent in this order, so the last answer has all of them.
  const review = sent.at(-1)?.answer?.review;
  return { undo: undoOf(sent.map(({ written }) => written)), review };
}

/** Says of some foods that they were kept. */
export async function keep(date: string, food_ids: string[], seen: Review | null): Promise<Undo> {
  const foods = food_ids.map((food_id) => ({ food_id, outcome: 'kept' as const }));
  return undoOf([await outbox.add(review(date, { foods }, seen))]);
}
