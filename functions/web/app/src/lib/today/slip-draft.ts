/** A slip that is being written, as the first screen and the page of the slip hold it. */
import { Draft, drafts } from '../drafts/drafts.svelte';
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

/** The new slips that are being written, by date. A food is '' where the page of the slip chooses it. */
export const begunSlips = () =>
  drafts
    .under('slip/')
    .flatMap((form) => {
      const [, date, food] = form.split('/');
      // A slip that is changed has its id alone.
      return date && food !== undefined ? [{ date, food, on: drafts.get(form)?.on }] : [];
    })
    .sort((one, other) => (one.date < other.date ? -1 : 1));
