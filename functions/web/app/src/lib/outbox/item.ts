/** A write, as a page asks for it and as this device keeps it until the API has stored it. */
import type { Problem } from '../api/http';
import type { FieldError, Review } from '../api/types';
import { type Fields, toFields, valuesOf } from './fields';

export interface Write {
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  review?: ReviewWrite;
  /**
   * Set where a food, slip or range is changed: what the person saw in the fields that they change.
   * The others stay as they are when this is sent.
   */
  seen?: Fields;
  /** Makes the write that takes this one back. */
  undo?: () => Write;
}

/** A review's body is made when it is sent, from what the date holds by then. */
export interface ReviewWrite {
  date: string;
  change: Fields;
  /** What the person saw. If the date holds something else when this is sent, that is a conflict. */
  seen: Fields;
  /** What was shown may come of these values as well: none of them is a conflict either. */
  orSeen?: Fields;
}

/** A write that is neither refused nor in conflict waits to be sent. */
export interface Item extends Omit<Write, 'undo'> {
  seq: number;
  account: string;
  /** Set in the state "refused". */
  refused?: Refusal;
  /** Set in the state "conflict": what another device stored meanwhile. */
  conflict?: { theirs: Theirs };
  /** How many times the API has answered it with a 5xx. */
  serverErrors?: number;
}

/** What another device stored: a review, the fields of another thing, or null where there is none. */
export type Theirs = Review | Fields | null;

/** This page alone keeps it, and IndexedDB does not. */
export const isInMemory = ({ seq }: { seq: number }) => !Number.isInteger(seq);

/** What a write changes, and what the person saw there. Both are empty for what creates and deletes. */
export function changeOf({ review, seen = {}, body, path }: Write): {
  change: Fields;
  seen: Fields;
} {
  // The date of a slip is in its path alone.
  return (
    review ?? { seen, change: valuesOf({ date: path.split('/')[3], ...(body as object) }, seen) }
  );
}

/** The fields of a write as the API has stored them, by its answer: it mends texts. */
export function storedBy({ review, seen = {} }: Write, answer: unknown): Fields {
  const { review: stored, slip } = (answer ?? {}) as { review?: Review; slip?: unknown };
  return review ? toFields(stored ?? null) : valuesOf(slip ?? answer, seen);
}

export const withSeen = (item: Item, seen: Fields): Item =>
  item.review
    ? { ...item, review: { ...item.review, seen } }
    : { ...item, seen: { ...item.seen, ...valuesOf(seen, item.seen ?? {}) } };

/** What a conflict holds, as the fields that its write has. */
export const theirsOf = ({ review, conflict }: Item): Fields =>
  review ? toFields(conflict?.theirs as Review | null) : ((conflict?.theirs ?? {}) as Fields);

/** The thing that a write changes: the review of a date, or the id of a food, slip or range. */
export const targetOf = ({ review, seen, path }: Write): string | undefined =>
  review ? review.date : seen && path.split('/').at(-1);

/** The problem that the API answered with. */
export interface Refusal {
  status: number;
  code: string;
  /** In the language of the app. */
  detail: string;
  errors: FieldError[];
  /** Set where only this food of a review was refused. */
  food?: string;
}

export const toRefusal = ({ status, code, message, errors }: Problem): Refusal => ({
  status,
  code,
  detail: message,
  errors,
});
