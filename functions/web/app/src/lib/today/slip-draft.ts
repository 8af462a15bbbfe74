/** A slip that is being written, as the first screen and the page of the slip hold it. */
import { Draft } from '../drafts/drafts.svelte';
import { type Fields, type Value, valuesOf } from '../outbox/fields';
import { slipFormOf } from './sheet';
import type { Slip } from '../api/types';

export const SLIP_FIELDS = {
  food_id: null,
  date: null,
  time: null,
  trigger: null,
  amount: null,
  craving: null,
  note: null,
};

export function toSlip(id: string, { date, food_id, craving, ...texts }: Fields): Slip {
  const text = (value: Value | undefined) => `${value ?? ''}`.trim() || null;
  return {
    id,
    date: `${date}`,
    food_id: `${food_id}`,
    craving: craving as number | null,
    time: text(texts.time),
    trigger: text(texts.trigger),
    amount: text(texts.amount),
    note: text(texts.note),
  };
}

export const newSlip = (date: string, food: string) =>
  new Draft(
    () => slipFormOf(date, food),
    () => valuesOf({ date, food_id: food }, SLIP_FIELDS),
    { isNew: true },
  );
