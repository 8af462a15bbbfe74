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
 * What is to be stored. A status that comes from a slip or days off alone is left out unless it
 * was touched: it would otherwise outlive them.
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
export function isStored(said: PartialReview, review: Review | null): boolean {
  const stored = toFields(review);
  const wanted = Object.entries(toFields(said));
  return !!review && wanted.every(([name, value]) => (stored[name] ?? null) === value);
}
