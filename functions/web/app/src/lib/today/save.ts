/** Saves what the first screen says of the day. */
import type { Draft } from '../drafts/drafts.svelte';
import { outbox, type Written } from '../outbox/outbox.svelte';
import { changeReview, review, slip } from '../outbox/write';
import { uuid } from '../ui/uuid';
import { sheet } from './sheet.svelte';
import { newSlip, toSlip } from './slip-draft';
import type { Review, Today } from '../api/types';
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

/** Saves the draft: a food eaten with time or trigger as a slip, all else in the review. */
export async function saveDay({ as_of, foods }: Today): Promise<Undo> {
  const { draft } = sheet;
  const slips = Object.fromEntries(foods.map(({ food }) => [food.id, newSlip(as_of, food.id)]));
  const { told, rest } = split(draft.change, slips);
  const sending = told.map((food) => slips[food]!.send(slip(toSlip(uuid(), slips[food]!.fields))));
  const others = Object.keys(rest).length > 0;
  if (others) sending.push(draft.send(changeReview(as_of, rest, draft.seen)));
  const sent = await Promise.all(sending);
  if (!others) draft.clear();
  return undoOf(sent.map(({ written }) => written));
}

/** Says of some foods that they were kept. */
export async function keep(date: string, food_ids: string[], seen: Review | null): Promise<Undo> {
  const foods = food_ids.map((food_id) => ({ food_id, outcome: 'kept' as const }));
  return undoOf([await outbox.add(review(date, { foods }, seen))]);
}
