/** The day's sheet: edits of the page that are not yet in the outbox. */
import { Problem } from '../api/http';
import { outbox } from '../outbox/outbox.svelte';
import {
  type Edits,
  isStored,
  isUntouched,
  noEdits,
  shownDifficulty,
  shownNote,
  wantedReview,
} from './sheet';
import { read, write } from '../ui/storage';
import { today } from './today.svelte';
import type { Level, Outcome } from '../api/types';
import { review } from '../outbox/write';

const KEY = 'hanip.sheet';
type Kept = { account: string; date: string; edits: Edits };

class Sheet {
  error = $state.raw<unknown>(null);
  /** Edits of one date by one account, kept in sessionStorage over a reload and a sign-in. */
  #kept = $state.raw(read<Kept>(sessionStorage, KEY));

  get edits(): Edits {
    const { as_of, me } = today.data ?? {};
    const mine = this.#kept?.account === me?.id && this.#kept?.date === as_of;
    return (mine && this.#kept?.edits) || noEdits();
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
  /** Nothing can be recorded yet, such as before the first food begins. */
  get empty() {
    const { difficulty, note, foods } = this.wanted;
    return !this.#review && !difficulty && !note && !foods?.length;
  }
  /** Whether the outbox still has the review of the day. */
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
    this.#change({ ...this.edits, difficulty: value });
  }
  get note() {
    return shownNote(this.#review, this.edits);
  }
  set note(value: string) {
    this.#change({ ...this.edits, note: value });
  }

  choose(food: string, outcome: Outcome) {
    this.#change({ ...this.edits, outcomes: { ...this.edits.outcomes, [food]: outcome } });
  }

  async save() {
    const data = today.data;
    if (!data) return;
    const sent = this.edits;
    this.error = null;
    try {
      const written = await outbox.add(review(data.as_of, this.wanted, data.review));
      // From here on the outbox has the edits.
      if (this.edits === sent) this.#change(noEdits());
      await written.answer();
    } catch (error) {
      // The shell asks about a conflict.
      if (error instanceof Problem && error.status === 412) return;
      this.error = error;
      if (isUntouched(this.edits) && today.data?.as_of === data.as_of) this.edits = sent;
    }
  }

  clear() {
    this.#change(noEdits());
  }

  set edits(edits: Edits) {
    const { as_of, me } = today.data ?? {};
    this.#kept = me && as_of ? { account: me.id, date: as_of, edits } : null;
    write(sessionStorage, KEY, isUntouched(edits) ? null : this.#kept);
  }

  #change(edits: Edits) {
    this.error = null;
    this.edits = edits;
  }
}

export const sheet = new Sheet();
