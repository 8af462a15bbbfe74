/** A form whose actions run one after another, in the order they were asked for: none is dropped. */
import { Form } from './form.svelte';

export class InTurn extends Form {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Runs the action when it is its turn, and fails as it does: for who tells of that themselves. */
  async run<T>(action: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.sending = true;
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
      this.sending = this.#waiting > 0;
    }
  }

  override async send(action: () => Promise<unknown>): Promise<boolean> {
    // What failed is said until something is asked for after it.
    if (!this.#waiting) this.error = null;
    try {
      await this.run(action);
      return true;
    } catch (problem) {
      this.error = problem;
      return false;
    }
  }
}
