/**
 * Everything the first screen shows: the last answer of the API, which this device keeps for the
 * next time, and laid over it what waits to be sent.
 */
import * as clock from '../api/clock';
import { call, context, Unavailable } from '../api/http';
import { drafts } from '../drafts/drafts.svelte';
import { engine, loaded, outbox } from '../outbox/outbox.svelte';
import { dayAt, untilNextDay } from './turn';
import { read, write } from '../ui/storage';
import type { Food, Me, Review, Streak, Today } from '../api/types';
import { words } from '../words/words.svelte';
import type { Item } from '../outbox/item';

/** Retry interval while the API cannot be reached, in milliseconds. */
const AGAIN = 15_000;
/** How often it is looked whether the device has slept, or its clock was set. In milliseconds. */
const LOOK = 20_000;
/** How long an answer is taken to be what the API would say now. In milliseconds. */
const FRESH = 60_000;
const KNOWN = 'hanip.known';
/** The clocks of a device that is awake differ by less. In milliseconds. */
const JUMP = 5_000;

/** The clock that a person can set, and the one that may stand still while the device sleeps. */
const clocks = () => ({ device: Date.now(), awake: performance.now() });

/** What has passed by each of them, in milliseconds. */
const passed = ({ device, awake }: ReturnType<typeof clocks>) => ({
  device: Date.now() - device,
  awake: performance.now() - awake,
});

class TodayStore {
  /** True while `data` is older than the last write or comes from the last visit. */
  stale = $state(true);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  #answer = $state.raw<Today | null>(null);
  /** By the server's clock; null while that is unknown. */
  #now = $state.raw<number | null>(null);
  #readAt = clocks();
  #looked = clocks();
  /** Counts sign-outs. */
  #visit = 0;
  #writes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #clockTimer: ReturnType<typeof setTimeout> | undefined;

  /** Whether somebody has signed in on this device, and not out. */
  get known() {
    return read<boolean>('localStorage', KNOWN);
  }
  set known(known: boolean | null) {
    write('localStorage', KNOWN, known);
  }

  data = $derived.by(() => {
    const answer = this.#answer;
    if (!answer) return null;
    const [now, items] = [this.#now, outbox.shown];
    if (!loaded) return answer;
    return loaded.overlay(now ? loaded.roll(answer, dayAt(now, answer)) : answer, items);
  });

  constructor() {
    drafts.today = () => this.data?.as_of ?? '';
    outbox.onStored = (item, answer) => this.#follow(item, answer);
    outbox.onEmpty = () => void (this.stale && this.load());
    outbox.onRefused = () => void this.load();
    context.away = () => {
      this.stale = true;
      void this.load();
    };
  }

  /** Shows what was here last, then what the API says. */
  async load() {
    if (this.loading) return;
    this.loading = true;
    clearTimeout(this.#timer);
    const remembering = this.#answer ? null : this.#remember();
    try {
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
      this.#readAt = clocks();
      this.#keep();
      void engine()
        .then(({ prepare }) => prepare(data.as_of, data.review, data.me.id))
        .catch(() => {});
    } catch (error) {
      await remembering;
      this.error = error;
      this.#now = clock.serverNow();
      if (error instanceof Unavailable) this.#timer = setTimeout(() => void this.load(), AGAIN);
    } finally {
      this.loading = false;
    }
  }

  async #remember() {
    const visit = this.#visit;
    const kept = await engine()
      .then(({ lastToday }) => lastToday())
      .catch(() => null);
    if (!kept || this.#answer || visit !== this.#visit) return;
    if (!clock.heard()) clock.hear(kept.heard ?? null);
    this.#show(kept);
  }

  /** For the next visit. */
  #keep() {
    const answer = this.#answer && { ...this.#answer, heard: clock.heard() };
    void engine()
      .then(({ keepToday }) => keepToday(answer))
      .catch(() => {});
  }

  #show(data: Today) {
    const { id, locale } = this.#answer?.me ?? {};
    // Not at every answer: a language chosen here may not have reached the API yet.
    if (id !== data.me.id || locale !== data.me.locale) void words.use(data.me.locale);
    context.account = data.me.id;
    this.known = true;
    drafts.use(data.me.id);
    void outbox.use(data.me.id);
    this.#now = clock.serverNow();
    this.#answer = data;
    this.#watch();
  }

  /** Turns the page at the moment when the next day begins, or as soon as the device wakes after it. */
  #watch() {
    clearTimeout(this.#clockTimer);
    const answer = this.#answer;
    if (!answer) return;
    const now = clock.serverNow();
    const left = now === null ? LOOK : untilNextDay(answer, now);
    const wait = left > 0 ? Math.min(left, LOOK) : LOOK;
    this.#clockTimer = setTimeout(() => void this.#look(), wait);
  }

  async #look() {
    const { device, awake } = passed(this.#looked);
    this.#looked = clocks();
    // It has slept, or its clock was set. Which of them, the server knows.
    const jumped = Math.abs(device - awake) > JUMP || awake > LOOK + JUMP;
    if (jumped && !document.hidden) await this.load();
    else this.#now = clock.serverNow();
    if (this.#isOver) await this.load();
    this.#watch();
  }

  get #isOver() {
    const now = clock.serverNow();
    return !!this.#answer && now !== null && untilNextDay(this.#answer, now) <= 0;
  }

  /** Reloads if the next day has begun, or if the last answer is over a minute old. */
  async refresh() {
    const { device, awake } = passed(this.#readAt);
    const old = Math.max(Math.abs(device), awake) > FRESH;
    if (this.stale || old || this.#isOver) await this.load();
  }

  /** Hides everything of the account. Its unsent writes stay on this device until it signs in again. */
  async forget() {
    this.#visit += 1;
    clearTimeout(this.#timer);
    context.account = null;
    drafts.use(null);
    this.#answer = null;
    this.error = null;
    this.stale = true;
    clearTimeout(this.#clockTimer);
    this.#keep();
    await outbox.use(null);
  }

  find(id: string) {
    return this.data?.foods.find(({ food }) => food.id === id);
  }

  /** A food by the API's last answer, whatever waits to be sent. */
  answered(id: string) {
    return this.#answer?.foods.find(({ food }) => food.id === id);
  }

  setFood(food: Food) {
    this.#change((data) => ({
      ...data,
      foods: data.foods.map((entry) => (entry.food.id === food.id ? { ...entry, food } : entry)),
    }));
  }

  setMe(me: Me) {
    this.#writes += 1;
    this.#change((data) => ({ ...data, me }));
  }

  /** Takes over the answer to a write. If it does not tell all numbers, they are reloaded when the outbox is empty. */
  #follow(item: Item, answer: unknown) {
    this.#writes += 1;
    const { review, streaks } = (answer ?? {}) as { review?: Review; streaks?: Streak[] };
    const food = item.path.startsWith('/api/foods') ? (answer as Food | null) : null;
    this.#change((data) => {
      const laid = loaded!.layOver(data, item);
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
    this.#keep();
  }
}

export const today = new TodayStore();
