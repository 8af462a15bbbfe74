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
 * person comes back; never under another account. Whoever asks for the answer shows the refusal.
 * One that nobody waits for, what a review says of a food that is gone, and every conflict stay in
 * `items` and are shown by the shell (parts/Unsent.svelte). After a 401 all wait for the same
 * person to sign in again.
 *
 * `outbox.state` says how it goes: 'saved', 'sending', or 'waiting' for a connection, with
 * `outbox.unsent` writes. What waits is laid over the last answer in `today.data` (optimistic.ts);
 * when the answers are there, `today` follows by itself. The writes are made in write.ts.
 */
import { Answers } from './answers';
import { Problem, Unavailable } from '../api/http';
import * as queue from './queue';
import { toFields } from './fields';
import { Changed, Partly, send } from './send';
import type { Item, Write } from './write';

const CHANNEL = 'hanip-outbox';
/** So often the API may break on a write before the rest goes on without it. */
const BREAKS = 4;
const BACK_OFF = { first: 2_000, most: 60_000 };
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
  /** Told of a refusal: what was on the screen may be gone. */
  refused: () => void = () => {};
  #account: string | null = null;
  #asked = $state.raw<number[]>([]);
  #flushing: Promise<void> | null = null;
  #again = false;
  #delay = BACK_OFF.first;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #answers = new Answers();
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
    const seq = await queue.add(item);
    if (asking) this.#asked = [...this.#asked, seq];
    await this.#changed();
    void this.#flush();
    return new Written<T>(seq, { undo, ...write });
  }

  answer(seq: number): Promise<unknown> {
    const answer = this.#answers.of(seq);
    this.#deliver();
    return answer;
  }

  async soon(seq: number): Promise<unknown> {
    try {
      return await this.#answers.soon(this.answer(seq), seq, this.state === 'waiting');
    } finally {
      this.#asked = this.#asked.filter((other) => other !== seq);
    }
  }

  /** Forgets a refused write, or one that is not worth keeping. */
  async drop(seq: number) {
    await queue.drop(seq);
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
    const item = this.items.find((item) => item.seq === seq);
    if (item) await queue.dropFrom(item);
    await this.#changed();
    this.emptied();
  }

  /** Forgets all that this account has not sent. */
  async wipe() {
    await queue.dropAll(this.#account);
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
    this.#answers.late();
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
    await queue.settle(item);
    this.#channel.postMessage({ seq: item.seq, answer } satisfies Message);
    await this.#answered(item, answer);
  }

  async #answered(item: Item, answer: unknown) {
    this.sent(item, answer);
    this.#answers.came(item.seq, answer);
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
    if (error instanceof Partly) {
      await queue.split(item, error.foods);
      await this.#changed();
      this.refused();
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
    await queue.skip(item);
    this.refused();
    return true;
  }

  async #change(seq: number, how: (item: Item) => void) {
    await queue.change(seq, how);
    await this.#changed();
  }

  async #changed() {
    this.#channel.postMessage('changed' satisfies Message);
    await this.#read();
  }

  async #read() {
    this.items = await queue.all(this.#account);
    this.#deliver();
  }

  /** Hands refusals to those who wait for them. */
  #deliver() {
    for (const item of this.items) {
      if (this.#answers.refused(item)) void this.drop(item.seq);
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

/** One tab at a time. Where the browser has no locks, a write may be sent twice, which does no harm. */
const alone = async (run: () => Promise<boolean>): Promise<boolean> =>
  navigator.locks ? navigator.locks.request(CHANNEL, run) : run();

export const outbox = new Outbox();
