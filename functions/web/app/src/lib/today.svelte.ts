/** Everything the first screen shows, as one answer of the API, and what came of it since. */
import * as api from './api';
import { context } from './http';
import { outbox } from './outbox.svelte';
import type { Food, Me, Review, Streak, Today } from './types';
import { words } from './words/index.svelte';

class TodayStore {
  data = $state.raw<Today | null>(null);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  /** Told of every fresh answer: the sheet lays its edits over it. */
  loaded: (data: Today) => void = () => {};
  #readAt = 0;

  async load() {
    if (this.loading) return;
    this.loading = true;
    try {
      const data = await api.today();
      if (this.data?.me.id !== data.me.id) words.use(data.me.locale);
      context.account = data.me.id;
      void outbox.use(data.me.id);
      this.data = data;
      this.error = null;
      this.#readAt = Date.now();
      this.loaded(data);
    } catch (error) {
      this.error = error;
    } finally {
      this.loading = false;
    }
  }

  /** True once another day may have begun, or another device may have written. */
  get isOld(): boolean {
    const now = Date.now();
    return now - this.#readAt > 60_000 || now >= Date.parse(this.data?.next_day_at ?? '');
  }

  forget() {
    context.account = null;
    void outbox.use(null);
    this.data = null;
    this.error = null;
  }

  find(id: string) {
    return this.data?.foods.find(({ food }) => food.id === id);
  }

  setMe(me: Me) {
    if (this.data) this.data = { ...this.data, me };
  }

  setFood(food: Food) {
    this.#mapFoods((entry) => (entry.food.id === food.id ? { ...entry, food } : entry));
  }

  setReview(review: Review | null) {
    if (this.data) this.data = { ...this.data, review };
  }

  /** Counts that came with the answer to a write. A new day among them asks for everything anew. */
  setStreaks(streaks: Streak[]) {
    if (streaks.some((streak) => streak.as_of !== this.data?.as_of)) return void this.load();
    this.#mapFoods((entry) => ({
      ...entry,
      streak: streaks.find((streak) => streak.food_id === entry.food.id) ?? entry.streak,
    }));
  }

  #mapFoods(change: (entry: Today['foods'][number]) => Today['foods'][number]) {
    if (this.data) this.data = { ...this.data, foods: this.data.foods.map(change) };
  }
}

export const today = new TodayStore();
outbox.emptied = () => void today.load();
