/** The reviews of the history, with the writes laid over them that its answer may not have. */
import type { Item } from '../outbox/item';
import { overlayDay } from '../today/day';
import type { Review } from '../api/types';

/** `listed` says whether a date without a review would be in the list, if it had one. */
export function overlayReviews(
  reviews: Review[],
  items: Item[],
  listed: (date: string) => boolean,
): Review[] {
  if (!items.length) return reviews;
  const known = new Set(reviews.map(({ date }) => date));
  const written = items.flatMap(({ path, review }) => {
    const [, , , date, kind] = path.split('/');
    return review?.date ?? (kind === 'slips' && date ? date : []);
  });
  const more = [...new Set(written)].filter((date) => !known.has(date) && listed(date));
  const laid = [
    ...reviews.map((review) => {
      const now = overlayDay(review.date, review, items);
      return now === review ? review : now && withSlips(now);
    }),
    ...more.map((date) => {
      const now = overlayDay(date, null, items);
      return now && withSlips(now);
    }),
  ];
  return laid
    .filter((review) => review !== null)
    .sort((one, other) => (one.date < other.date ? 1 : -1));
}

/** A food with a slip was eaten, whatever else was said. Null where nothing is left. */
function withSlips(review: Review): Review | null {
  const { difficulty, mood, note, slips } = review;
  const eaten = new Set(slips.map(({ food_id }) => food_id));
  const named = review.foods.map((food) =>
    eaten.delete(food.food_id) ? { ...food, status: 'slipped' as const } : food,
  );
  const others = [...eaten].map((food_id) => ({
    food_id,
    outcome: null,
    note: null,
    status: 'slipped' as const,
  }));
  const foods = [...named, ...others];
  const said = difficulty || mood || note || slips.length;
  return said || foods.some((food) => food.outcome || food.note) ? { ...review, foods } : null;
}
