/** What a card of the history says of the foods of a date: exceptions by name, the kept ones together. */
import type { Review } from '../api/types';

type ReviewedFood = Review['foods'][number];

export interface Summary {
  /** The foods that are told one by one. */
  named: ReviewedFood[];
  /** How many more were kept. */
  kept: number;
  /** Whether those are all foods that are not named. */
  rest: boolean;
}

/** `known` says whether the food has a name to show: a deleted one has none. */
export function summarize(foods: ReviewedFood[], known: (id: string) => boolean): Summary {
  const shown = foods.filter(({ food_id, status }) => status && known(food_id));
  const isQuiet = ({ status, note }: ReviewedFood) => status === 'kept' && !note;
  const quiet = shown.filter(isQuiet);
  const together = quiet.length > 1 || (quiet.length === 1 && !quiet[0]!.outcome);
  const named = shown.filter(
    (food) =>
      (isQuiet(food) && !together) ||
      (!isQuiet(food) && (food.note || !['missing', 'open'].includes(food.status!))),
  );
  const kept = together ? quiet.length : 0;
  return { named, kept, rest: kept + named.length === shown.length };
}
