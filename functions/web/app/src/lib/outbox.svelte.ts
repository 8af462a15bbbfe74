/**
 * Every write of a review, slip, food or day off goes through here, and is never lost:
 *
 *     const written = await outbox.add(write.slip({ id: uuid(), date, food_id, ... }));
 *     // Now it is on this device and survives a reload: the page may go on as if it were done.
 *     written.answer();  // the API's answer; rejects with its Problem, whose words belong at the field
 *     written.soon();    // the same, or null as soon as it is clear that it has to wait: for forms
 *     written.undo();    // sends the write that takes it back, through here as well
 *
 * Writes are sent in order, by one tab at a time, on load and whenever the network, the tab or the
 * person comes back; never under another account. Whoever asks for the answer shows the refusal;
 * one that nobody waits for, and every conflict, stays in `items` and is shown by the shell
 * (parts/Unsent.svelte). After a 401 all wait for the same person to sign in again.
 *
 * `outbox.state` says how it goes: 'saved', 'sending', or 'waiting' for a connection, with
 * `outbox.unsent` writes. What waits is laid over the last answer in `today.data` (optimistic.ts);
 * when the answers are there, `today` follows by itself. The writes are made in write.ts.
 */
import { device } from './device';
import { Problem, Unavailable } from './http';
import { type Fields, type Said, toFields } from './review';
import { Changed, send } from './send';
import type { Item, Write } from './write';

const CHANNEL = 'hanip-outbox';
/** So often the API may break on a write before the rest goes on without it. */
const BREAKS = 4;
const BACK_OFF = { first: 2_000, most: 60_000 };
/** As long as a form is worth keeping open for an answer. */
const SOON = 4_000;
const CHANGED = { status: 412, code: 'review-changed', detail: '', errors: [] };

type Listener = { resolve: (answer: unknown) => void; reject: (problem: Problem) => void };
type Message = { seq: number; answer: unknown } | 'changed';

export class Written<T = unknown> {
  constructor(
    readonly seq: number,
    readonly write: Write,
  ) {}

  answer(): Promise<T> {
    return outbox.answer(this.seq) as Promise<T>;
  }

  soon(): Promise<T | null> {
    return outbox.soon(this.seq) as Promise<T | null>;
  }

  async undo(): Promise<Written | undefined> {
    return this.write.undo && outbox.add(this.write.undo());
  }
}

class Outbox {
  /** What this account has not stored yet, in order. */
  items = $state.raw<Item[]>([]);
  state = $state<'saved' | 'sending' | 'waiting'>('saved');
  /** Told of every write that the API has taken, by whichever tab. */
  sent: (item: Item, answer: unknown) => void = () => {};
  /** Told when nothing is left to send. */
  emptied: () => void = () => {};
  #account: string | null = null;
  #asked = $state.raw<number[]>([]);
  #flushing: Promise<void> | null = null;
  #again = false;
  #delay = BACK_OFF.first;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #impatient = new Set<() => void>();
  #listeners = new Map<number, Listener>();
  #answers = new Map<number, unknown>();
  #channel = new BroadcastChannel(CHANNEL);

  constructor() {
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => void this.#hear(data);
    addEventListener('online', () => this.retry());
    document.addEventListener('visibilitychange', () => document.hidden || this.retry());
  }

  get unsent() {
    return this.items.filter((item) => !item.refused && !item.conflict).length;
  }

  /** What the pages show as if it were stored. */
  get shown() {
    return this.items.filter((item) => !item.refused && !this.#asked.includes(item.seq));
  }

  /** Whose writes are sent from now on. */
  async use(account: string | null) {
    if (account === this.#account) return;
    this.#account = account;
    await this.#read();
    this.retry();
  }

  /** `asking`: shown by the pages only once `soon()` has come to an end. */
  async add<T = unknown>({ undo, ...write }: Write, { asking = false } = {}): Promise<Written<T>> {
    if (!this.#account) throw new Unavailable();
    const item = { ...write, account: this.#account } as Item;
    const seq = await (await device()).add('outbox', item);
    if (asking) this.#asked = [...this.#asked, seq];
    await this.#changed();
    void this.#flush();
    return new Written<T>(seq, { undo, ...write });
  }

  answer(seq: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#answers.has(seq)) return resolve(this.#answers.get(seq));
      this.#listeners.set(seq, { resolve, reject });
      this.#deliver();
    });
  }

  async soon(seq: number): Promise<unknown> {
    let stop = () => {};
    const waits = new Promise<null>((resolve) => {
      const giveUp = () => resolve(null);
      const timer = setTimeout(giveUp, this.state === 'waiting' ? 0 : SOON);
      this.#impatient.add(giveUp);
      stop = () => {
        clearTimeout(timer);
        this.#impatient.delete(giveUp);
      };
    });
    try {
      return await Promise.race([this.answer(seq), waits]);
    } catch (error) {
      if (error instanceof Problem && error.status === 412) return null;
      throw error;
    } finally {
      stop();
      this.#asked = this.#asked.filter((other) => other !== seq);
      // From here on the shell tells of a refusal.
      this.#listeners.delete(seq);
    }
  }

  /** Forgets a refused write, or one that is not worth keeping. */
  async drop(seq: number) {
    await (await device()).delete('outbox', seq);
    await this.#changed();
  }

  /** Sends a refused write once more. */
  async resend(seq: number) {
    await this.#change(seq, (item) => {
      delete item.refused;
      delete item.broken;
    });
    this.retry();
  }

  async keepMine(seq: number) {
    await this.#change(seq, (item) => {
      item.review!.seen = toFields(item.conflict!.theirs);
      delete item.conflict;
    });
    this.retry();
  }

  /** Lets go of this write, and of what was written on top of it. */
  async takeTheirs(seq: number) {
    const { store, done } = (await device()).transaction('outbox', 'readwrite');
    const items = await store.getAll();
    const date = items.find((item) => item.seq === seq)?.review?.date;
    for (const item of items) {
      const mine = item.account === this.#account;
      if (mine && item.seq >= seq && item.review?.date === date) void store.delete(item.seq);
    }
    await done;
    await this.#changed();
    this.emptied();
  }

  /** Forgets all that this account has not sent. */
  async wipe() {
    const { store, done } = (await device()).transaction('outbox', 'readwrite');
    for (const item of await store.getAll()) {
      if (item.account === this.#account) void store.delete(item.seq);
    }
    await done;
    this.#account = null;
    await this.#changed();
  }

  /** Tries at once, however often it was in vain. */
  retry() {
    this.#delay = BACK_OFF.first;
    void this.#flush();
  }

  async #flush() {
    clearTimeout(this.#timer);
    this.#again = true;
    this.#flushing ??= this.#sendAll().finally(() => (this.#flushing = null));
    await this.#flushing;
  }

  async #sendAll() {
    let through = true;
    while (this.#again && through) {
      this.#again = false;
      if (this.#account && this.#next()) {
        if (this.state === 'saved') this.state = 'sending';
        through = await alone(() => this.#sendInOrder());
      }
    }
    if (!this.#next()) return this.#idle();
    this.state = 'waiting';
    this.#impatient.forEach((giveUp) => giveUp());
    this.#timer = setTimeout(() => void this.#flush(), this.#delay * (0.75 + Math.random() / 2));
    this.#delay = Math.min(this.#delay * 2, BACK_OFF.most);
  }

  #idle() {
    clearTimeout(this.#timer);
    this.state = 'saved';
  }

  /** Whether the API has answered everything, whatever it said. */
  async #sendInOrder(): Promise<boolean> {
    for (;;) {
      await this.#read();
      const item = this.#next();
      if (!item) return true;
      try {
        await this.#done(item, await send(item));
        this.state = 'sending';
        this.#delay = BACK_OFF.first;
      } catch (error) {
        if (!(await this.#explain(item, error))) return false;
      }
    }
  }

  /** The first write that nothing stands in the way of. */
  #next(): Item | undefined {
    const held = new Set(this.items.map((item) => item.conflict && item.review?.date));
    return this.items.find((item) => !item.refused && !(item.review && held.has(item.review.date)));
  }

  async #done(item: Item, answer: unknown) {
    const { store, done } = (await device()).transaction('outbox', 'readwrite');
    const later = await store.getAll();
    void store.delete(item.seq);
    // What was written on top of it has seen what is stored now.
    const seen = toFields((answer as { review?: Said } | null)?.review ?? null);
    for (const next of onTopOf(item, later)) void store.put(withSeen(next, seen));
    await done;
    this.#channel.postMessage({ seq: item.seq, answer } satisfies Message);
    await this.#answered(item, answer);
  }

  async #answered(item: Item, answer: unknown) {
    this.sent(item, answer);
    this.#answers.set(item.seq, answer);
    this.#listeners.get(item.seq)?.resolve(answer);
    this.#listeners.delete(item.seq);
    await this.#read();
    if (this.#next()) return;
    if (!this.#flushing) this.#idle();
    this.emptied();
  }

  /** Whether the rest can go on. */
  async #explain(item: Item, error: unknown): Promise<boolean> {
    if (error instanceof Changed) {
      await this.#change(item.seq, (stored) => (stored.conflict = { theirs: error.theirs }));
      return true;
    }
    if (!(error instanceof Problem)) {
      if (!(error instanceof Unavailable)) console.error(error);
      return false;
    }
    if (error.status === 401 || error.code === 'other-account') return false;
    const broken = error.status >= 500 ? (item.broken ?? 0) + 1 : 0;
    const { status, code, message, errors } = error;
    await this.#change(item.seq, (stored) => {
      if (broken) stored.broken = broken;
      if (!broken || broken >= BREAKS) stored.refused = { status, code, detail: message, errors };
    });
    if (broken && broken < BREAKS) return false;
    await this.#skip(item);
    return true;
  }

  /** What was written on top of a refused write stands on what was below it. */
  async #skip(item: Item) {
    const { store, done } = (await device()).transaction('outbox', 'readwrite');
    for (const next of onTopOf(item, await store.getAll())) {
      void store.put(withSeen(next, item.review!.seen));
    }
    await done;
  }

  async #change(seq: number, change: (item: Item) => void) {
    const { store, done } = (await device()).transaction('outbox', 'readwrite');
    const item = await store.get(seq);
    if (item) {
      change(item);
      void store.put(item);
    }
    await done;
    await this.#changed();
  }

  async #changed() {
    this.#channel.postMessage('changed' satisfies Message);
    await this.#read();
  }

  async #read() {
    const all = await (await device()).getAll('outbox');
    this.items = all.filter((item) => item.account === this.#account);
    this.#deliver();
  }

  /** Hands refusals to those who wait for them. */
  #deliver() {
    for (const { seq, refused, conflict } of this.items) {
      const listener = this.#listeners.get(seq);
      if (!listener || !(refused || conflict)) continue;
      this.#listeners.delete(seq);
      const { status, code, detail, errors } = refused ?? CHANGED;
      listener.reject(new Problem(status, code, detail, errors));
      if (refused) void this.drop(seq);
    }
  }

  async #hear(message: Message) {
    if (message === 'changed') {
      await this.#read();
      // Whoever wrote may be gone; what already failed here has its own time.
      if (this.#next() && this.state === 'saved') void this.#flush();
      return;
    }
    const item = this.items.find(({ seq }) => seq === message.seq);
    if (item) await this.#answered(item, message.answer);
  }
}

/** The later writes of the same date. */
const onTopOf = ({ seq, account, review }: Item, items: Item[]) =>
  items.filter(
    (item) =>
      item.seq > seq && item.account === account && review && item.review?.date === review.date,
  );

const withSeen = (item: Item, seen: Fields): Item => ({
  ...item,
  review: { ...item.review!, seen },
});

/** One tab at a time. Where the browser has no locks, a write may be sent twice, which does no harm. */
const alone = async (run: () => Promise<boolean>): Promise<boolean> =>
  navigator.locks ? navigator.locks.request(CHANNEL, run) : run();

export const outbox = new Outbox();
