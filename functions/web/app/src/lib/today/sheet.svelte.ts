/** What the first screen says of the day: a draft until it is saved. */
import { Draft } from '../drafts/drafts.svelte';
import { toFields } from '../outbox/fields';
import { outbox } from '../outbox/outbox.svelte';
import { type Edits, isStored, shownDifficulty, shownNote, toEdits, wantedReview } from './sheet';
import { today } from './today.svelte';
import type { Level, Outcome } from '../api/types';
import { changeReview } from '../outbox/write-review';

/** The draft of a date, which the first screen and the page of the date share. */
export const formOf = (date: string) => `day/${date}`;

class Sheet {
  error = $state.raw<unknown>(null);
  draft = new Draft(
    () => formOf(today.data?.as_of ?? ''),
    () => toFields(this.#review),
  );

  get edits(): Edits {
    return toEdits(this.draft.typed?.change ?? {});
  }

  get #review() {
    return today.data?.review ?? null;
  }
  get wanted() {
    const streaks = today.data?.foods.map(({ streak }) => streak) ?? [];
    return wantedReview(streaks, this.#review, this.edits);
  }
  get stored() {
    return isStored(this.wanted, this.#review);
  }
  /** There is nothing to save, such as before the first food has begun. */
  get empty() {
    const { difficulty, note, foods } = this.wanted;
    return !this.#review && !difficulty && !note && !foods?.length;
  }
  /** Whether the review of the day is still on its way. */
  get unsent() {
    return outbox.items.some((item) => item.review?.date === today.data?.as_of);
  }
  get conflict() {
    return outbox.items.some((item) => item.conflict && item.review?.date === today.data?.as_of);
  }
  get difficulty() {
    return shownDifficulty(this.#review, this.edits);
  }
  set difficulty(value: Level | null) {
    this.#change('difficulty', value);
  }
  get note() {
    return shownNote(this.#review, this.edits);
  }
  set note(value: string) {
    this.#change('note', value);
  }

  choose(food: string, outcome: Outcome) {
    this.#change(`${food}.outcome`, outcome);
  }

  async save() {
    const data = today.data;
    if (!data) return;
    this.error = null;
    try {
      const change = toFields(this.wanted);
      await this.draft.send(changeReview(data.as_of, change, this.draft.seen));
    } catch (error) {
      this.error = error;
    }
  }

  #change(name: string, value: string | number | null) {
    this.error = null;
    this.draft.set(name, value);
  }
}

export const sheet = new Sheet();
