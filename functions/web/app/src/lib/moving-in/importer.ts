/** Imports what was chosen, once, however often it has to be sent. */
import * as account from '../api/account';
import { Unavailable } from '../api/http';
import { type Choice, type Making, archiveOf } from './archive';

interface Sent {
  choices: Choice[];
  archive: ReturnType<typeof archiveOf>;
}

const foodsOf = ({ archive }: Sent) => archive.foods.map(({ id }) => id);

export class Importer {
  /** An import that got no answer. It may be stored. */
  #unanswered: Sent | null = null;

  constructor(private api: Pick<typeof account, 'importFile' | 'removeFoods'> = account) {}

  /** Returns what to take back. The same choices again are sent with the same ids, so that they add nothing twice. */
  async send(choices: Choice[], making: Making) {
    const before = this.#unanswered;
    const again = before?.choices === choices;
    if (before && !again) await this.api.removeFoods(foodsOf(before));
    const sent = again ? before : { choices, archive: archiveOf(choices, making) };
    this.#unanswered = sent;
    try {
      await this.api.importFile(sent.archive);
    } catch (error) {
      // What is refused is not stored.
      if (!(error instanceof Unavailable)) this.#unanswered = null;
      throw error;
    }
    this.#unanswered = null;
    const records = choices.reduce((sum, { habit }) => sum + habit.days.size, 0);
    return { foods: foodsOf(sent), records };
  }
}
