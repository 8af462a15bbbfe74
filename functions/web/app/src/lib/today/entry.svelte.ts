/**
 * A food with its numbers: from the first screen, or loaded if it is archived. Pages make it anew when `today.lacks` it
 * or no longer lacks it, since the browser's copy of Today may be older than what another device did.
 */
import * as diary from '../api/diary';
import { Problem } from '../api/http';
import { today } from './today.svelte';
import type { Food, Streak } from '../api/types';

export class Entry {
  error = $state.raw<unknown>(null);
  #id: string;
  #asked = $state.raw<{ food: Food; streak: Streak } | null>(null);

  constructor(id: string, lacked: boolean) {
    this.#id = id;
    if (lacked) void this.load();
  }

  get value() {
    return today.find(this.#id) ?? this.#asked;
  }

  get missing() {
    return this.error instanceof Problem && this.error.status === 404;
  }

  async load() {
    this.error = null;
    try {
      const [food, streak] = await Promise.all([diary.food(this.#id), diary.streak(this.#id)]);
      this.#asked = { food, streak };
    } catch (problem) {
      this.error = problem;
    }
  }
}
