/** Who waits for the answer to which write. */
import { Problem } from '../api/http';
import type { Item } from './write';

/** As long as a form is worth keeping open for an answer. */
const SOON = 4_000;
const ASKED = new Problem(412, 'review-changed', '');

type Listener = { resolve: (answer: unknown) => void; reject: (problem: Problem) => void };

export class Answers {
  #listeners = new Map<number, Listener>();
  #answers = new Map<number, unknown>();
  #impatient = new Set<() => void>();

  of(seq: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#answers.has(seq)) return resolve(this.#answers.get(seq));
      this.#listeners.set(seq, { resolve, reject });
    });
  }

  /** The same, or null as soon as it has to wait, or the shell asks what to do about it. */
  async soon(answer: Promise<unknown>, seq: number, waits: boolean): Promise<unknown> {
    let stop = () => {};
    const late = new Promise<null>((resolve) => {
      const giveUp = () => resolve(null);
      const timer = setTimeout(giveUp, waits ? 0 : SOON);
      this.#impatient.add(giveUp);
      stop = () => {
        clearTimeout(timer);
        this.#impatient.delete(giveUp);
      };
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (error instanceof Problem && error.status === 412) return null;
      throw error;
    } finally {
      stop();
      // From here on the shell tells of a refusal.
      this.#listeners.delete(seq);
    }
  }

  /** Nobody hears of anything for a while. */
  late() {
    this.#impatient.forEach((giveUp) => giveUp());
  }

  came(seq: number, answer: unknown) {
    this.#answers.set(seq, answer);
    this.#listeners.get(seq)?.resolve(answer);
    this.#listeners.delete(seq);
  }

  /** Whether somebody was told of it who shows it. */
  refused({ seq, refused, conflict }: Item): boolean {
    const listener = this.#listeners.get(seq);
    if (!listener || !(refused || conflict)) return false;
    this.#listeners.delete(seq);
    // Of a food that is gone the shell tells, which can bring it back.
    if (!refused || refused.food) {
      listener.reject(ASKED);
      return false;
    }
    const { status, code, detail, errors } = refused;
    listener.reject(new Problem(status, code, detail, errors));
    return true;
  }
}
