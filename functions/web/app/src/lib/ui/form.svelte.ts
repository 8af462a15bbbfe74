/** What every form goes through: sending, the words of a refusal at their field, done. */
import { Problem } from '../api/http';

export class Form {
  sending = $state(false);
  error = $state.raw<unknown>(null);

  /** Whether it was done. */
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

  /** The words for one of these places, such as `/name`. */
  at(...places: string[]): string | undefined {
    const { error } = this;
    if (!(error instanceof Problem)) return undefined;
    return places.map((place) => error.at(place)).find((words) => words !== undefined);
  }

  /** Whether the error belongs to none of these places, and so to the form as a whole. */
  elsewhere(...places: string[]): boolean {
    return this.error !== null && this.at(...places) === undefined;
  }
}
