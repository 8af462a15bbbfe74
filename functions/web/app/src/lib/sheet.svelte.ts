/** The day's sheet as the page holds it: edits, sending, and what to do when somebody was first. */
import * as api from './api';
import { Problem } from './http';
import {
  type Edits,
  isStored,
  isUntouched,
  noEdits,
  shownDifficulty,
  shownNote,
  toInput,
} from './sheet';
import { read, write } from './storage';
import { today } from './today.svelte';
import type { Level, Outcome, Review, Today } from './types';

const KEY = 'hanip.sheet';
type Kept = { account: string; date: string; edits: Edits };

class Sheet {
  edits = $state.raw<Edits>(noEdits());
  sending = $state(false);
  error = $state.raw<unknown>(null);
  /** What another device stored meanwhile, with the condition to replace it. */
  conflict = $state.raw<{ theirs: Review | null; etag: string | null } | null>(null);
  #date: string | null = null;
  #etag: string | null = null;

  constructor() {
    today.loaded = (data) => this.#follow(data);
  }

  get #streaks() {
    return today.data?.foods.map(({ streak }) => streak) ?? [];
  }
  get input() {
    return toInput(this.#streaks, today.data?.review ?? null, this.edits);
  }
  get stored() {
    return isStored(this.input, today.data?.review ?? null);
  }
  /** There is nothing to say yet, such as before the first food has begun. */
  get empty() {
    const { difficulty, note, foods } = this.input;
    return !today.data?.review && !difficulty && !note && foods.length === 0;
  }
  get untouched() {
    return isUntouched(this.edits);
  }
  get difficulty() {
    return shownDifficulty(today.data?.review ?? null, this.edits);
  }
  set difficulty(value: Level | null) {
    this.#change({ ...this.edits, difficulty: value });
  }
  get note() {
    return shownNote(today.data?.review ?? null, this.edits);
  }
  set note(value: string) {
    this.#change({ ...this.edits, note: value });
  }

  choose(food: string, outcome: Outcome) {
    this.#change({ ...this.edits, outcomes: { ...this.edits.outcomes, [food]: outcome } });
  }

  /** Follows a fresh answer: the edits of the same date and account stay, even over a sign-in. */
  #follow(data: Today) {
    this.#etag = null;
    if (this.#date !== data.as_of) {
      const kept = read<Kept>(sessionStorage, KEY);
      const mine = kept?.account === data.me.id && kept.date === data.as_of;
      this.edits = mine ? kept.edits : noEdits();
      this.#date = data.as_of;
      this.error = null;
      this.conflict = null;
    }
    // Asked for now, so that saving is one request later.
    void this.#condition().catch(() => {});
  }

  async save() {
    await this.#send(() => this.#condition());
  }

  async keepMine() {
    await this.#send(async () => this.conflict?.etag ?? null);
  }

  async takeTheirs() {
    this.clear();
    await today.load();
  }

  clear() {
    this.#change(noEdits());
    this.conflict = null;
  }

  #change(edits: Edits) {
    this.edits = edits;
    this.error = null;
    const account = today.data?.me.id;
    write(sessionStorage, KEY, this.untouched ? null : { account, date: this.#date, edits });
  }

  /** The ETag to overwrite; the review it belongs to comes along, in case it just changed. */
  async #condition(): Promise<string | null> {
    if (!today.data?.review || this.#etag) return this.#etag;
    const date = this.#date;
    const { value, etag } = await api.review(today.data.as_of);
    if (date === this.#date) {
      this.#etag = etag;
      today.setReview(value);
    }
    return etag;
  }

  async #send(condition: () => Promise<string | null>) {
    if (this.sending || !today.data) return;
    const date = today.data.as_of;
    this.sending = true;
    this.error = null;
    try {
      const etag = await condition();
      const sent = this.edits;
      const answer = await api.putReview(date, this.input, etag);
      this.#etag = answer.etag;
      this.conflict = null;
      today.setReview(answer.value.review);
      today.setStreaks(answer.value.streaks);
      // What was touched while it was on its way is not stored yet.
      if (this.edits === sent) this.#change(noEdits());
    } catch (error) {
      await this.#explain(error, date);
    } finally {
      this.sending = false;
    }
  }

  async #explain(error: unknown, date: string) {
    if (!(error instanceof Problem && error.status === 412)) {
      this.error = error;
      return;
    }
    try {
      const { value, etag } = await api.review(date);
      this.conflict = { theirs: value, etag };
    } catch (later) {
      this.error = later;
    }
  }
}

export const sheet = new Sheet();
