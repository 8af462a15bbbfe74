/** The state of a form: whether it is sending, and the last error with its messages by field. */
import { Problem } from '../api/http';

export class Form {
  sending = $state(false);
  error = $state.raw<unknown>(null);

  /** Runs the action. Returns whether it succeeded. */
  async send(action: () => Promise<unknown>): Promise<boolean> {
    if (this.sending) return false;
    this.sending = true;
    this.error = null;
    try {
      await action();
      return true;
    } catch (problem) {
      this.error = problem;
      return false;
    } finally {
      this.sending = false;
    }
  }

  /** The error message for one of these fields, such as `/name`. */
  at(...places: string[]): string | undefined {
    const { error } = this;
    if (!(error instanceof Problem)) return undefined;
    return places.map((place) => error.at(place)).find((words) => words !== undefined);
  }

  /** Whether there is an error that belongs to none of these fields. */
  elsewhere(...places: string[]): boolean {
    return this.error !== null && this.at(...places) === undefined;
  }
}
