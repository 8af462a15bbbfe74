/**
 * Everything the first screen shows: the last answer of the API, which this device keeps for the
 * next time, and laid over it what waits to be sent.
 */
import { dayAt } from '../dates/dates';
import { keepToday, lastToday } from '../outbox/device';
import { call, context, Unavailable } from '../api/http';
import { layOver, overlay, roll } from './optimistic';
import { outbox } from '../outbox/outbox.svelte';
import { prepare } from '../outbox/send-review';
import type { Food, Me, Review, Streak, Today } from '../api/types';
import { words } from '../words/words.svelte';
import type { Item } from '../outbox/item';

/** Retry interval while the API cannot be reached, in milliseconds. */
const AGAIN = 15_000;

class TodayStore {
  /** True while `data` is older than the last write or comes from the last visit. */
  stale = $state(true);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  #answer = $state.raw<Today | null>(null);
  #now = $state.raw(Date.now());
  #readAt = 0;
  #writes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  data = $derived.by(() => {
    const answer = this.#answer;
    if (!answer) return null;
    const { time_zone, day_start } = answer.me;
    const over = this.#now >= Date.parse(answer.next_day_at);
    const rolled = over ? roll(answer, dayAt(this.#now, time_zone, day_start)) : answer;
    return overlay(rolled, outbox.shown);
  });

  constructor() {
    outbox.onStored = (item, answer) => this.#follow(item, answer);
    outbox.onEmpty = () => void (this.stale && this.load());
    outbox.onRefused = () => void this.load();
  }

  /** Shows what was here last, then what the API says. */
  async load() {
    if (this.loading) return;
    this.loading = true;
    clearTimeout(this.#timer);
    try {
      if (!this.#answer) await this.#remember();
      let writes;
      let data;
      do {
        // Race: the answer may miss a write that was stored while we waited for it.
        writes = this.#writes;
        data = (await call('GET', '/api/streaks/today')).value;
      } while (writes !== this.#writes);
      this.#show(data);
      this.stale = false;
      this.error = null;
      this.#readAt = Date.now();
      await keepToday(data);
      void prepare(data.as_of, data.review, data.me.id).catch(() => {});
    } catch (error) {
      this.error = error;
      this.#now = Date.now();
      if (error instanceof Unavailable) this.#timer = setTimeout(() => void this.load(), AGAIN);
    } finally {
      this.loading = false;
    }
  }

  async #remember() {
    const kept = await lastToday().catch(() => null);
    if (kept) this.#show(kept);
  }

  #show(data: Today) {
    const { id, locale } = this.#answer?.me ?? {};
    // Not at every answer: a language chosen here may not have reached the API yet.
    if (id !== data.me.id || locale !== data.me.locale) void words.use(data.me.locale);
    context.account = data.me.id;
    void outbox.use(data.me.id);
    this.#now = Date.now();
    this.#answer = data;
  }

  /** Reloads if the next day has begun, or if the last answer is over a minute old. */
  async refresh() {
    const now = Date.now();
    const next = Date.parse(this.#answer?.next_day_at ?? '');
    if (this.stale || now - this.#readAt > 60_000 || now >= next) await this.load();
  }

  /** Hides everything of the account. Its unsent writes stay on this device until it signs in again. */
  async forget() {
    clearTimeout(this.#timer);
    context.account = null;
    this.#answer = null;
    this.error = null;
    this.stale = true;
    await Promise.all([outbox.use(null), keepToday(null)]);
  }

  find(id: string) {
    return this.data?.foods.find(({ food }) => food.id === id);
  }

  setFood(food: Food) {
    this.#change((data) => ({
      ...data,
      foods: data.foods.map((entry) => (entry.food.id === food.id ? { ...entry, food } : entry)),
    }));
  }

  setMe(me: Me) {
    this.#change((data) => ({ ...data, me }));
  }

  /** Takes over the answer to a write. If it does not tell all numbers, they are reloaded when the outbox is empty. */
  #follow(item: Item, answer: unknown) {
    this.#writes += 1;
    const { review, streaks } = (answer ?? {}) as { review?: Review; streaks?: Streak[] };
    const food = item.path.startsWith('/api/foods') ? (answer as Food | null) : null;
    this.#change((data) => {
      const laid = layOver(data, item);
      const foods = laid.foods.map((entry) => ({
        food: entry.food.id === food?.id ? food : entry.food,
        streak: streaks?.find((streak) => streak.food_id === entry.food.id) ?? entry.streak,
        waiting: entry.waiting && !streaks?.some(({ food_id }) => food_id === entry.food.id),
      }));
      return { ...laid, foods, review: review?.date === data.as_of ? review : laid.review };
    });
    const { as_of } = this.#answer ?? {};
    const complete = item.review?.date === as_of && streaks?.every((s) => s.as_of === as_of);
    if (!complete) this.stale = true;
  }

  #change(change: (data: Today) => Today) {
    if (!this.#answer) return;
    this.#answer = change(this.#answer);
    void keepToday(this.#answer);
  }
}

export const today = new TodayStore();
