/**
 * The writes of the app, to be given to the outbox, each with the one that takes it back. Names
 * and dates are made here and not by the server, so that none does harm when it comes twice.
 */
import type { FieldError } from '../api/http';
import { type Fields, type Said, sameFieldsOf, toFields } from './fields';
import type { Food, FoodChange, NewFood, NewSkip, Review, Skip, Slip } from '../api/types';

export interface Write {
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  review?: ReviewWrite;
  undo?: () => Write;
}

/** The body is made when it is sent, of what the date holds by then. */
interface ReviewWrite {
  date: string;
  change: Fields;
  /** What the person saw: where the date holds something else by then, that is a conflict. */
  seen: Fields;
}

interface Refusal {
  status: number;
  code: string;
  detail: string;
  errors: FieldError[];
}

/** A write on this device. */
export interface Item extends Omit<Write, 'undo'> {
  seq: number;
  account: string;
  /** Why the API refused it, in its words; `food` is what a part of a review was refused for. */
  refused?: Refusal & { food?: string };
  /** What another device stored meanwhile. */
  conflict?: { theirs: Review | null };
  /** How often the API broke on it. */
  broken?: number;
}

/** Changes what `said` names and leaves the rest of the date. `seen` is the review as shown. */
export const review = (date: string, said: Said, seen: Said | null): Write =>
  changeReview(date, toFields(said), toFields(seen));

/** Takes back everything that is said of the date. Slips stay. */
export function removeReview({ date, ...said }: Review): Write {
  const { difficulty, mood, note, foods } = said;
  const seen = toFields({ difficulty, mood, note, foods });
  return changeReview(date, sameFieldsOf({}, seen), seen);
}

const changeReview = (date: string, change: Fields, seen: Fields): Write => ({
  method: 'PUT',
  path: `/api/reviews/${date}`,
  review: { date, change, seen },
  undo: () => changeReview(date, sameFieldsOf(seen, change), { ...seen, ...change }),
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
