/** A food with its numbers: from the first screen, or loaded if it is archived. */
import { untrack } from 'svelte';
import * as diary from '../api/diary';
import { Problem } from '../api/http';
import { today } from './today.svelte';
import type { Food, Streak } from '../api/types';

export class Entry {
  error = $state.raw<unknown>(null);
  #id: string;
  #asking = false;
  #asked = $state.raw<{ food: Food; streak: Streak } | null>(null);

  constructor(id: string) {
    this.#id = id;
  }

  get value() {
    return today.find(this.#id) ?? this.#asked;
  }

  get missing() {
    return this.error instanceof Problem && this.error.status === 404;
  }

  /**
   * Asks for it where Today does not have it, or has it no more: what the browser had stored may be older than what
   * another device did. For an effect.
   */
  ask() {
    if (!this.value && !this.error && !this.#asking) untrack(() => void this.load());
  }

  async load() {
    this.#asking = true;
    this.error = null;
    try {
      const [food, streak] = await Promise.all([diary.food(this.#id), diary.streak(this.#id)]);
      this.#asked = { food, streak };
    } catch (problem) {
      this.error = problem;
    } finally {
      this.#asking = false;
    }
  }
}
