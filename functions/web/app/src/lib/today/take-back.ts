/** A food was kept, or is skipped, although slips are recorded: they go. */
import { changeReview, removeSlip } from '../outbox/write';
import { outbox, type Written } from '../outbox/outbox.svelte';
import type { Outcome, Review } from '../api/types';

/** Removes the slips of a food on a date and says how the day was. Returns how to undo both. */
export async function takeBack(
  review: Review,
  food: string,
  outcome: Outcome,
): Promise<() => Promise<void>> {
  const { date, slips, foods } = review;
  const name = `${food}.outcome`;
  const before = foods.find(({ food_id }) => food_id === food)?.outcome ?? null;
  const written: Written[] = [];
  for (const slip of slips.filter(({ food_id }) => food_id === food)) {
    written.push(await outbox.add(removeSlip(slip)));
  }
  if (before !== outcome) {
    written.push(await outbox.add(changeReview(date, { [name]: outcome }, { [name]: before })));
  }
  return async () => {
    for (const one of written.reverse()) await one.undo();
  };
}
