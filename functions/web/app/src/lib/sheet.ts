/**
 * The day's sheet as a pure function: what is stored, with the edits of this page laid over it.
 * What was not touched follows the stored review, so a reload never fights with an edit.
 */
import type { Level, Outcome, Review, ReviewInput, Streak } from './types';

export interface Edits {
  outcomes: Record<string, Outcome>;
  difficulty?: Level | null;
  note?: string;
}

export const noEdits = (): Edits => ({ outcomes: {} });

export const isUntouched = (edits: Edits) =>
  Object.keys(edits.outcomes).length === 0 &&
  edits.difficulty === undefined &&
  edits.note === undefined;

/** What the sheet shows for a food: an open day is taken as kept until somebody says otherwise. */
export function shownOutcome(streak: Streak, edits: Edits): Outcome | null {
  const edited = edits.outcomes[streak.food_id];
  if (edited) return edited;
  if (streak.today === 'open') return 'kept';
  return streak.today === 'missing' ? null : streak.today;
}

export const shownDifficulty = (review: Review | null, edits: Edits) =>
  edits.difficulty === undefined ? (review?.difficulty ?? null) : edits.difficulty;

export const shownNote = (review: Review | null, edits: Edits) => edits.note ?? review?.note ?? '';

/**
 * The body to store. A status that comes from a slip or a skip range alone is left out unless
 * it was touched: it would otherwise outlive the slip or the range.
 */
export function toInput(streaks: Streak[], review: Review | null, edits: Edits): ReviewInput {
  const foods = streaks.flatMap((streak) => {
    const id = streak.food_id;
    const stored = review?.foods.find((food) => food.food_id === id);
    const outcome =
      edits.outcomes[id] ?? stored?.outcome ?? (streak.today === 'open' ? 'kept' : null);
    if (!outcome) return [];
    return [{ food_id: id, outcome, note: stored?.note ?? null }];
  });
  return {
    difficulty: shownDifficulty(review, edits),
    mood: review?.mood ?? null,
    note: shownNote(review, edits).trim() || null,
    foods,
  };
}

/** Whether storing the input would change nothing. */
export function isStored(input: ReviewInput, review: Review | null): boolean {
  if (!review) return false;
  return (
    input.difficulty === review.difficulty &&
    input.note === (review.note || null) &&
    input.foods.every(({ food_id, outcome }) =>
      review.foods.some((food) => food.food_id === food_id && food.outcome === outcome),
    )
  );
}
