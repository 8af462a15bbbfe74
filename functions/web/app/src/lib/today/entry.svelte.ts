/**
 * A food with its numbers: from the first screen, or loaded if it is archived. Pages make it anew when the food is `lacked`
 * or no longer is, since the browser's copy of Today may be older than what another device did.
 */
import * as diary from '../api/diary';
import { Problem } from '../api/http';
import { outbox } from '../outbox/outbox.svelte';
import { today } from './today.svelte';
import type { Food, FoodChange, Streak } from '../api/types';

/** Whether a food is neither in the API's last answer nor among what waits to be sent. One whose deletion waits is not. */
export const isLacked = (id: string) => !today.find(id) && !today.answered(id);

export class Entry {
  error = $state.raw<unknown>(null);
  #id: string;
  #asked = $state.raw<{ food: Food; streak: Streak } | null>(null);

  constructor(id: string, lacked: boolean) {
    this.#id = id;
    if (lacked) void this.load();
  }

  get value() {
    const known = today.find(this.#id);
    return known ?? (this.away ? null : (this.#asked ?? today.answered(this.#id)));
  }

  /** What puts the food away, by the writes that wait. */
  get away(): 'deleted' | 'archived' | null {
    const path = `/api/foods/${this.#id}`;
    return outbox.shown.reduce<'deleted' | 'archived' | null>((away, write) => {
      if (write.path === `${path}/restore`) return null;
      if (write.path !== path) return away;
      if (write.method === 'DELETE') return 'deleted';
      const { archived } = write.body as FoodChange;
      return archived === undefined ? away : archived ? 'archived' : null;
    }, null);
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
