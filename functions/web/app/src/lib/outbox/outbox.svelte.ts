/**
 * Every write of a review, slip, food or day off goes through here, and none is lost:
 *
 *     const written = await outbox.add(write.slip({ id: uuid(), date, food_id, ... }));
 *     // It is on this device now and survives a reload: the page may go on as if it were stored.
 *     written.answer();        // the API's answer; rejects with its Problem, to be shown at the field
 *     written.answerInTime();  // for forms: the same, or null as soon as it has to wait
 *     written.undo();          // adds the write that takes it back
 *
 * README.md beside this file says what becomes of a write.
 */
import { Problem, Unavailable } from '../api/http';
import { Answers } from './answers';
import { isInMemory, type Item, storedBy, targetOf, theirsOf, toRefusal, type Write } from './item';
import { Loop } from './loop';
import { within } from '../ui/within';
import { hearTabs, type Message, oneTab, tellTabs } from './tabs';

/** After so many answers 5xx to one write it is refused, and the next is sent. */
const MOST_SERVER_ERRORS = 4;

type Engine = typeof import('./engine');
let loading: Promise<Engine> | undefined;
/** Set before there are any items. */
export let loaded: Engine | undefined;

/** Loads the engine, once. */
export function engine(): Promise<Engine> {
  loading ??= within(import('./engine')).then(
    (engine) => (loaded = engine),
    (error: unknown) => {
      console.error(error);
      loading = undefined;
      throw new Unavailable();
    },
  );
  return loading;
}

export class Written<T = unknown> {
  constructor(
    readonly seq: number,
    readonly write: Write,
  ) {}

  /** Whether it would survive a reload. If not, it is in the memory of this page. */
  get kept(): boolean {
    return !isInMemory(this);
  }

  answer(): Promise<T> {
    return outbox.answer(this.seq) as Promise<T>;
  }

  answerInTime(): Promise<T | null> {
    return outbox.answerInTime(this.seq) as Promise<T | null>;
  }

  /** Resolves when the API has stored it, however long that takes. */
  stored(): Promise<void> {
    return outbox.stored(this.seq);
  }

  async undo(): Promise<Written | undefined> {
    return this.write.undo && outbox.add(this.write.undo());
  }
}

class Outbox {
  /** The writes of this account that the API has not stored, in order. */
  items = $state.raw<Item[]>([]);
  /** Whether writes wait, for a connection or for the person to sign in. */
  state = $state<'saved' | 'sending' | 'waiting'>('saved');
  /** Called with each write that the API has stored, from whichever tab. */
  onStored: (item: Item, answer: unknown) => void = () => {};
  /** Called when nothing is left to send. */
  onEmpty: () => void = () => {};
  /** Called after a refusal: what the write was about may be gone. */
  onRefused: () => void = () => {};
  #account: string | null = null;
  #hidden = $state.raw<number[]>([]);
  #dropped = new Set<number>();
  #answers = new Answers();
  #loop = new Loop(() => this.#sendAll());

  constructor() {
    hearTabs((message) => void this.#hear(message));
    addEventListener('online', () => this.retry());
    document.addEventListener('visibilitychange', () => document.hidden || this.retry());
  }

  /** How many writes wait. */
  get unsent() {
    return this.items.filter((item) => !item.refused && !item.conflict).length;
  }

  /** Whether writes would be lost with this page: the browser did not take them. */
  get fragile() {
    return this.items.some(isInMemory);
  }

  /** The writes that pages show as if they were stored. */
  get shown() {
    return this.items.filter((item) => !item.refused && !this.#hidden.includes(item.seq));
  }

  /** Sends the writes of this account from now on, and those of no other. */
  async use(account: string | null) {
    if (account === this.#account) return;
    this.#account = account;
    await this.#read();
    this.retry();
  }

  /** A `hidden` write is shown by pages only when `answerInTime()` has ended. */
  async add<T = unknown>({ undo, ...write }: Write, { hidden = false } = {}): Promise<Written<T>> {
    const account = this.#account;
    if (!account) throw new Unavailable();
    const { queue } = await engine();
    const seq = await queue.add({ ...write, account });
    if (hidden) this.#hidden = [...this.#hidden, seq];
    await this.#changed();
    void this.#loop.run();
    return new Written<T>(seq, { undo, ...write });
  }

  answer(seq: number): Promise<unknown> {
    const answer = this.#answers.of(seq);
    this.#rejectRefused();
    return answer;
  }

  stored(seq: number): Promise<void> {
    return this.#answers.stored(seq);
  }

  async answerInTime(seq: number): Promise<unknown> {
    try {
      return await this.#answers.inTime(seq, this.answer(seq), this.state === 'waiting');
    } finally {
      this.#hidden = this.#hidden.filter((other) => other !== seq);
    }
  }

  /** Forgets a refused write. */
  async drop(seq: number) {
    // Not shown any more, not even until it is deleted.
    this.#dropped.add(seq);
    this.items = this.items.filter((item) => item.seq !== seq);
    await (await engine()).queue.drop(seq);
    this.#dropped.delete(seq);
    await this.#changed();
  }

  /** Sends a refused write once more. */
  async resend(seq: number) {
    await (await engine()).queue.resend(seq);
    await this.#changed();
    this.retry();
  }

  /** Ends a conflict: this write is sent. */
  async keepMine(item: Item) {
    await (await engine()).queue.keepMine(item.seq, theirsOf(item));
    await this.#changed();
    this.retry();
  }

  /** Ends a conflict: this write is forgotten, and what was written on top of it. */
  async takeTheirs(seq: number) {
    await (await engine()).queue.takeTheirs(seq);
    await this.#changed();
    this.onEmpty();
  }

  /** Forgets all writes of this account, which signs out. */
  async wipe() {
    await (await engine()).queue.dropAll(this.#account);
    this.#account = null;
    await this.#changed();
  }

  /** Tries now, without waiting for the end of a pause. */
  retry() {
    this.#loop.resetPause();
    void this.#loop.run();
  }

  /** Sends what waits. Returns whether nothing is left. */
  async #sendAll(): Promise<boolean> {
    if (this.#account && this.#next()) {
      if (this.state === 'saved') this.state = 'sending';
      await oneTab(() => this.#sendInOrder()).catch(console.error);
    }
    const empty = !this.#next();
    this.state = empty ? 'saved' : 'waiting';
    if (!empty) this.#answers.giveUp();
    return empty;
  }

  async #sendInOrder() {
    const { queue, send } = await engine();
    for (;;) {
      await this.#read();
      const item = this.#next();
      if (!item) return;
      try {
        const answer = await send(item);
        await queue.complete(item.seq, storedBy(item, answer));
        // The number of what is in memory means something else to another tab.
        tellTabs(isInMemory(item) ? 'changed' : { seq: item.seq, answer });
        await this.#stored(item, answer);
        this.state = 'sending';
        this.#loop.resetPause();
      } catch (error) {
        if (!(await this.#notStored(item, error))) return;
      }
    }
  }

  /** The first write that can be sent: a conflict holds back the later writes of its date. */
  #next(): Item | undefined {
    const held = new Set(this.items.map((item) => item.conflict && targetOf(item)));
    const isHeld = (target: string | undefined) => target !== undefined && held.has(target);
    return this.items.find((item) => !item.refused && !isHeld(targetOf(item)));
  }

  async #stored(item: Item, answer: unknown) {
    this.onStored(item, answer);
    this.#answers.resolve(item.seq, answer);
    await this.#read();
    if (this.#next()) return;
    void this.#loop.run(); // sees that nothing is left, where another tab has sent it
    this.onEmpty();
  }

  /** Keeps why the API did not store a write. Returns whether the next one can be sent. */
  async #notStored({ seq, serverErrors = 0 }: Item, error: unknown): Promise<boolean> {
    const { queue, Conflict, FoodsRefused } = await engine();
    if (error instanceof Conflict) {
      await queue.setConflict(seq, error.theirs);
      await this.#changed();
      return true;
    }
    if (error instanceof FoodsRefused) {
      await queue.refuseFoods(seq, error.foods);
      await this.#changed();
      this.onRefused();
      return true;
    }
    if (!(error instanceof Problem)) {
      if (!(error instanceof Unavailable)) console.error(error);
      return false;
    }
    // All writes wait until the same person has signed in again.
    if (error.status === 401 || error.code === 'other-account') return false;
    if (error.status >= 500 && serverErrors + 1 < MOST_SERVER_ERRORS) {
      await queue.countServerErrors(seq, serverErrors + 1);
      await this.#changed();
      return false;
    }
    await queue.refuse(seq, toRefusal(error));
    await this.#changed();
    this.onRefused();
    return true;
  }

  async #changed() {
    tellTabs('changed');
    await this.#read();
  }

  async #read() {
    const items = await (await engine()).queue.all(this.#account);
    this.items = items.filter(({ seq }) => !this.#dropped.has(seq));
    this.#rejectRefused();
  }

  /** Tells those who wait for an answer. What they show is forgotten here. */
  #rejectRefused() {
    for (const item of this.items) {
      if (this.#answers.reject(item)) void this.drop(item.seq);
    }
  }

  async #hear(message: Message) {
    if (message === 'changed') {
      await this.#read();
      // The tab that wrote may be closed by now. While this one is in a pause, it waits for its end.
      if (this.#next() && this.state === 'saved') void this.#loop.run();
      return;
    }
    const item = this.items.find(({ seq }) => seq === message.seq);
    if (item) await this.#stored(item, message.answer);
  }
}

export const outbox = new Outbox();
