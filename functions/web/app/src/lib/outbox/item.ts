/** A write, as a page asks for it and as this device keeps it until the API has stored it. */
import type { Problem } from '../api/http';
import type { FieldError, Review } from '../api/types';
import type { Fields } from './fields';

export interface Write {
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  review?: ReviewWrite;
  /** Makes the write that takes this one back. */
  undo?: () => Write;
}

/** A review's body is made when it is sent, from what the date holds by then. */
export interface ReviewWrite {
  date: string;
  change: Fields;
  /** What the person saw. If the date holds something else when this is sent, that is a conflict. */
  seen: Fields;
}

/** A write that is neither refused nor in conflict waits to be sent. */
export interface Item extends Omit<Write, 'undo'> {
  seq: number;
  account: string;
  /** Set in the state "refused". */
  refused?: Refusal;
  /** Set in the state "conflict": what another device stored meanwhile. */
  conflict?: { theirs: Review | null };
  /** How many times the API has answered it with a 5xx. */
  serverErrors?: number;
}

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
