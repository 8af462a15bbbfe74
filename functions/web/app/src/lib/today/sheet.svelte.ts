/** What the first screen says of the day: a draft until it is saved. */
import { Draft } from '../drafts/drafts.svelte';
import { toFields } from '../outbox/fields';
import { outbox } from '../outbox/outbox.svelte';
import { formOf } from './sheet';
import { today } from './today.svelte';
import type { Outcome } from '../api/types';

class Sheet {
  error = $state.raw<unknown>(null);
  /** The date that was saved here last. */
  saved = $state('');
  draft = new Draft(
    () => formOf(today.data?.as_of ?? ''),
    () => toFields(today.data?.review ?? null),
  );

  get change() {
    return this.draft.typed?.change ?? {};
  }
  get #writes() {
    return outbox.items.filter((item) => item.review?.date === today.data?.as_of);
  }
  /** Whether the review of the day is still on its way. */
  get unsent() {
    return this.#writes.length > 0;
  }
  get conflict() {
    return this.#writes.some((item) => item.conflict);
  }

  choose(food: string, outcome: Outcome | null) {
    this.set(`${food}.outcome`, outcome);
  }

  set(name: string, value: string | number | null) {
    this.error = null;
    this.draft.set(name, value);
  }
}

export const sheet = new Sheet();
