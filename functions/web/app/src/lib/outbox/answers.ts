/** Who waits for the answer to which write. */
import { Problem } from '../api/http';
import type { Item } from './item';

/** How long a form stays open for an answer, in milliseconds. */
const FORM_TIMEOUT = 4_000;
/** What a form is told where the shell asks the person what to do. */
const SHELL_ASKS = new Problem(412, 'review-changed', '');

type Listener = { resolve: (answer: unknown) => void; reject: (problem: Problem) => void };

export class Answers {
  #listeners = new Map<number, Listener>();
  #answers = new Map<number, unknown>();
  #whenStored = new Map<number, () => void>();
  #timeouts = new Set<() => void>();

  of(seq: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#answers.has(seq)) return resolve(this.#answers.get(seq));
      this.#listeners.set(seq, { resolve, reject });
    });
  }

  /** Resolves when the API has stored it, whoever is told of a refusal before. */
  stored(seq: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#answers.has(seq)) resolve();
      else this.#whenStored.set(seq, resolve);
    });
  }

  /**
   * The answer; or null where none comes in time, which is at once while `offline`, and where the
   * shell asks the person what to do.
   */
  async inTime(seq: number, answer: Promise<unknown>, offline: boolean): Promise<unknown> {
    let clear = () => {};
    const timeout = new Promise<null>((resolve) => {
      const giveUp = () => resolve(null);
      const timer = setTimeout(giveUp, offline ? 0 : FORM_TIMEOUT);
      this.#timeouts.add(giveUp);
      clear = () => {
        clearTimeout(timer);
        this.#timeouts.delete(giveUp);
      };
    });
    try {
      return await Promise.race([answer, timeout]);
    } catch (error) {
      if (error instanceof Problem && error.status === 412) return null;
      throw error;
    } finally {
      clear();
      // From here on the shell shows a refusal.
      this.#listeners.delete(seq);
    }
  }

  /** No answer comes in time any more. */
  giveUp() {
    this.#timeouts.forEach((giveUp) => giveUp());
  }

  resolve(seq: number, answer: unknown) {
    this.#answers.set(seq, answer);
    this.#listeners.get(seq)?.resolve(answer);
    this.#listeners.delete(seq);
    this.#whenStored.get(seq)?.();
    this.#whenStored.delete(seq);
  }

  /** Tells of a refusal or a conflict. Returns whether a listener shows it, so that the shell need not. */
  reject({ seq, refused, conflict }: Item): boolean {
    const listener = this.#listeners.get(seq);
    if (!listener || !(refused || conflict)) return false;
    this.#listeners.delete(seq);
    // The shell can bring back a food that is gone.
    if (!refused || refused.food) {
      listener.reject(SHELL_ASKS);
      return false;
    }
    const { status, code, detail, errors } = refused;
    listener.reject(new Problem(status, code, detail, errors));
    return true;
  }
}
