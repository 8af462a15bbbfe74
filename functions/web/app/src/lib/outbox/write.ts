/**
 * The writes of the app, made for `outbox.add`, each with the one that takes it back. The app names
 * what it creates (UUIDs) and not the server, so that every write is idempotent.
 */
import type { Food, FoodChange, NewFood, NewSkip, Skip, Slip } from '../api/types';
import { type Fields, same, valuesOf } from './fields';
import type { Write } from './item';

export { changeReview, removeReview, review } from './write-review';

/** Records a slip, or changes it: `before` is what the person saw. */
export const slip = (wanted: Slip, before?: Slip): Write => {
  const { id, date, ...body } = wanted;
  const path = `/api/reviews/${date}/slips/${id}`;
  return {
    method: 'PUT',
    path,
    body,
    seen: before && seenIn(before, wanted),
    undo: () => (before ? slip(before, wanted) : removeSlip(wanted)),
  };
};

/** What the fields that change were before. */
function seenIn(before: object, wanted: object): Fields {
  const names = Object.fromEntries(Object.keys(wanted).map((name) => [name, null]));
  const [old, now] = [valuesOf(before, names), valuesOf(wanted, names)];
  return Object.fromEntries(Object.entries(old).filter(([name]) => !same(old[name], now[name])));
}

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

/** Changes a food: `before` is what the person saw. */
export const changeFood = (before: Food, change: FoodChange): Write => ({
  method: 'PATCH',
  path: `/api/foods/${before.id}`,
  body: change,
  // To archive it is no field: whoever does so has seen all there is to see.
  seen: 'archived' in change ? undefined : seenIn(before, change),
  undo: () => {
    const old = { ...before, archived: before.archived_on !== null };
    const names = Object.keys(change) as (keyof FoodChange)[];
    const back = Object.fromEntries(names.map((name) => [name, old[name]]));
    return changeFood({ ...before, ...change }, back);
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

/** Sets days off, or changes them: `before` is what the person saw. */
export const skip = (wanted: NewSkip, before?: Skip): Write => {
  const { id, ...body } = wanted;
  return {
    method: 'PUT',
    path: `/api/reviews/skips/${id}`,
    body,
    seen: before && seenIn(before, wanted),
    undo: () => (before ? skip(before, wanted as Skip) : removeSkip(wanted)),
  };
};

export const removeSkip = (before: NewSkip): Write => ({
  method: 'DELETE',
  path: `/api/reviews/skips/${before.id}`,
  undo: () => skip(before),
});
