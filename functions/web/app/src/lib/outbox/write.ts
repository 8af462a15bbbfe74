/**
 * The writes of the app, made for `outbox.add`, each with the one that takes it back. The app names
 * what it creates (UUIDs) and not the server, so that every write is idempotent.
 */
import type { Food, FoodChange, NewFood, NewSkip, Review, Skip, Slip } from '../api/types';
import { type Fields, type PartialReview, toFields, valuesIn } from './fields';
import type { Write } from './item';

/** Changes what `wanted` names and leaves the rest of the date. `seen` is the review as shown. */
export const review = (date: string, wanted: PartialReview, seen: PartialReview | null): Write =>
  changeReview(date, toFields(wanted), toFields(seen));

/** Empties the review of the date. Its slips stay. */
export function removeReview({ date, difficulty, mood, note, foods }: Review): Write {
  const seen = toFields({ difficulty, mood, note, foods });
  return changeReview(date, valuesIn({}, seen), seen);
}

const changeReview = (date: string, change: Fields, seen: Fields): Write => ({
  method: 'PUT',
  path: `/api/reviews/${date}`,
  review: { date, change, seen },
  undo: () => changeReview(date, valuesIn(seen, change), { ...seen, ...change }),
});

/** Records a slip, or changes it: `before` is what it was. */
export const slip = (wanted: Slip, before?: Slip): Write => {
  const { id, date, ...body } = wanted;
  const path = `/api/reviews/${date}/slips/${id}`;
  return {
    method: 'PUT',
    path,
    body,
    undo: () => (before ? slip(before, wanted) : removeSlip(wanted)),
  };
};

export const removeSlip = (before: Slip): Write => ({
  method: 'DELETE',
  path: `/api/reviews/${before.date}/slips/${before.id}`,
  undo: () => slip(before),
});

export const addFood = (food: NewFood): Write => ({
  method: 'POST',
  path: '/api/foods',
  body: food,
  undo: () => removeFood(food.id),
});

export const changeFood = (before: Food, change: FoodChange): Write => ({
  method: 'PATCH',
  path: `/api/foods/${before.id}`,
  body: change,
  undo: () => {
    const old = { ...before, archived: before.archived_on !== null };
    const names = Object.keys(change) as (keyof FoodChange)[];
    return changeFood(before, Object.fromEntries(names.map((name) => [name, old[name]])));
  },
});

export const removeFood = (id: string): Write => ({
  method: 'DELETE',
  path: `/api/foods/${id}`,
  undo: () => restoreFood(id),
});

export const restoreFood = (id: string): Write => ({
  method: 'POST',
  path: `/api/foods/${id}/restore`,
  undo: () => removeFood(id),
});

export const orderFoods = (ids: string[], before: string[]): Write => ({
  method: 'PUT',
  path: '/api/foods/order',
  body: { ids },
  undo: () => orderFoods(before, ids),
});

/** Sets days off, or changes them: `before` is what they were. */
export const skip = (wanted: NewSkip, before?: Skip): Write => {
  const { id, ...body } = wanted;
  return {
    method: 'PUT',
    path: `/api/reviews/skips/${id}`,
    body,
    undo: () => (before ? skip(before) : removeSkip(wanted)),
  };
};

export const removeSkip = (before: NewSkip): Write => ({
  method: 'DELETE',
  path: `/api/reviews/skips/${before.id}`,
  undo: () => skip(before),
});
