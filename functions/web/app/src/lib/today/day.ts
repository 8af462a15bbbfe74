/** What a date holds, with the writes laid over it that wait on this device. */
import { toBody, toFields } from '../outbox/fields';
import type { Item } from '../outbox/item';
import type { Outcome, Review, Slip } from '../api/types';

const nothing = (date: string): Review => ({
  date,
  difficulty: null,
  mood: null,
  note: null,
  foods: [],
  slips: [],
  updated_at: '',
});

export const overlayDay = (date: string, review: Review | null, items: Item[]): Review | null =>
  items.reduce<Review | null>((laid, item) => layOver(date, laid, item), review);

function layOver(date: string, review: Review | null, { method, path, body, review: write }: Item) {
  const before = review ?? nothing(date);
  if (write) {
    if (write.date !== date) return review;
    const { foods, ...rest } = toBody(toFields(review), write.change);
    const others = before.foods.filter(({ food_id }) => foods.every((f) => f.food_id !== food_id));
    const named = foods.map((food) => ({ ...food, status: food.outcome }));
    return { ...before, ...rest, foods: [...others, ...named] };
  }
  const [, , , at, kind, id] = path.split('/');
  if (kind !== 'slips') return review;
  const others = before.slips.filter((slip) => slip.id !== id);
  if (at === date && method === 'PUT') {
    const old = before.slips.find((slip) => slip.id === id);
    const slip = { ...(body as Slip), id: id!, date };
    // In its old place.
    return {
      ...before,
      slips: old ? before.slips.map((s) => (s === old ? slip : s)) : [...others, slip],
    };
  }
  // Removed, or moved to another date.
  return others.length === before.slips.length ? review : { ...before, slips: others };
}

/** What counts for a food on a date: a slip is stronger than what was said, and that than days off. */
export function statusOf(food: string, review: Review | null, isDayOff: boolean): Outcome | null {
  if (review?.slips.some((slip) => slip.food_id === food)) return 'slipped';
  const outcome = review?.foods.find(({ food_id }) => food_id === food)?.outcome;
  return outcome ?? (isDayOff ? 'skipped' : null);
}
