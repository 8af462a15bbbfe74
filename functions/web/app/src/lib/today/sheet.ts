/**
 * The day's sheet as a pure function: what is stored, with the edits of this page laid over it.
 * What was not touched follows the stored review, so a reload never fights with an edit.
 */
import { type Fields, type PartialReview, same, toFields } from '../outbox/fields';
import type { Level, Outcome, Review, Streak } from '../api/types';

export interface Edits {
  outcomes: Record<string, Outcome>;
  difficulty?: Level | null;
  note?: string;
}

export const noEdits = (): Edits => ({ outcomes: {} });

/** What is typed into the draft of a day. */
export function toEdits({ difficulty, note, ...others }: Fields): Edits {
  const outcomes = Object.entries(others).filter(([name]) => name.endsWith('.outcome'));
  return {
    outcomes: Object.fromEntries(
      outcomes.map(([name, value]) => [name.split('.')[0]!, value as Outcome]),
    ),
    ...(difficulty !== undefined && { difficulty: difficulty as Level | null }),
    ...(note !== undefined && { note: `${note ?? ''}` }),
  };
}

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
 * What is to change in the stored review: nothing else is sent. A status that comes only from a slip or from days off is left out unless it
 * was edited: stored as an outcome, it would stay after they are removed.
 */
export function wantedReview(
  streaks: Streak[],
  review: Review | null,
  edits: Edits,
): PartialReview {
  const foods = streaks.flatMap(({ food_id, today }) => {
    const stored = review?.foods.find((food) => food.food_id === food_id)?.outcome;
    const outcome = edits.outcomes[food_id] ?? (!stored && today === 'open' ? 'kept' : null);
    return outcome ? [{ food_id, outcome }] : [];
  });
  return {
    ...(edits.difficulty !== undefined && { difficulty: edits.difficulty }),
    ...(edits.note !== undefined && { note: edits.note.trim() || null }),
    foods,
  };
}

/** Whether storing it would change nothing. */
export function isStored(wanted: PartialReview, review: Review | null): boolean {
  const stored = toFields(review);
  const fields = Object.entries(toFields(wanted));
  return !!review && fields.every(([name, value]) => same(stored[name], value));
}
