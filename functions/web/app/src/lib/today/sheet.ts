/**
 * The day's sheet as a pure function: what is stored, with the edits of this page laid over it.
 * What was not touched follows the stored review, so a reload never fights with an edit.
 */
import { type PartialReview, toFields } from '../outbox/fields';
import type { Level, Outcome, Review, Streak } from '../api/types';

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

/** The outcome shown for a food. An open day is preselected as kept. */
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
 * The review to store. A status that comes only from a slip or from days off is left out unless it
 * was edited: stored as an outcome, it would stay after they are removed.
 */
export function wantedReview(
  streaks: Streak[],
  review: Review | null,
  edits: Edits,
): PartialReview {
  const foods = streaks.flatMap(({ food_id, today }) => {
    const stored = review?.foods.find((food) => food.food_id === food_id)?.outcome;
    const outcome = edits.outcomes[food_id] ?? stored ?? (today === 'open' ? 'kept' : null);
    return outcome ? [{ food_id, outcome }] : [];
  });
  return {
    difficulty: shownDifficulty(review, edits),
    note: edits.note === undefined ? (review?.note ?? null) : edits.note.trim() || null,
    foods,
  };
}

/** Whether storing it would change nothing. */
export function isStored(wanted: PartialReview, review: Review | null): boolean {
  const stored = toFields(review);
  const fields = Object.entries(toFields(wanted));
  return !!review && fields.every(([name, value]) => (stored[name] ?? null) === value);
}
