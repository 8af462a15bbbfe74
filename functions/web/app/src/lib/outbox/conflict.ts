import type { Theirs } from './item';

/** Another device stored something else that the person has not seen. */
export class Conflict extends Error {
  constructor(readonly theirs: Theirs) {
    super();
  }
}
