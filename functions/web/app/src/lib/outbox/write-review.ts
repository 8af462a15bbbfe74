/** The writes of a review, which the first screen needs too. write.ts has the others. */
import type { Review } from '../api/types';
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

export const changeReview = (
  date: string,
  change: Fields,
  seen: Fields,
  orSeen?: Fields,
): Write => ({
  method: 'PUT',
  path: `/api/reviews/${date}`,
  review: { date, change, seen, orSeen },
  undo: () => changeReview(date, valuesIn(seen, change), { ...seen, ...change }),
});
