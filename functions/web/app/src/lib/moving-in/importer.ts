/** Imports what was chosen, once, however often it has to be sent, and also where the page is loaded anew meanwhile. */
import * as account from '../api/account';
import { Unavailable } from '../api/http';
import type { Archive } from '../api/types';
import { type Choice, type Making, archiveOf } from './archive';
import { lastArchive, lastImport, rememberImport } from './last';

export class Importer {
  /** What this page sent without an answer. */
  #sent: { choices: Choice[]; archive: Archive } | null = null;

  constructor(private api: Pick<typeof account, 'importFile' | 'removeFoods'> = account) {}

  /** Returns what to take back. The same choices again are sent with the same ids, so that they add nothing twice. */
  async send(choices: Choice[], making: Making) {
    const again = this.#sent?.choices === choices;
    const before = lastImport();
    // It may be stored.
    if (before?.unanswered && !again) await this.api.removeFoods(before.foods);
    this.#sent = again ? this.#sent! : { choices, archive: archiveOf(choices, making) };
    const { archive } = this.#sent;
    const foods = (archive.foods ?? []).map(({ id }) => id);
    const records = choices.reduce((sum, { habit }) => sum + habit.days.size, 0);
    const made = { foods, records };
    rememberImport({ ...made, unanswered: true }, archive);
    try {
      await this.api.importFile(archive);
    } catch (error) {
      // What is refused is not stored, unless it was by an earlier try that got no answer.
      if (!(error instanceof Unavailable || again)) {
        this.#sent = null;
        rememberImport(before?.unanswered ? null : before);
      }
      throw error;
    }
    this.#sent = null;
    rememberImport(made);
    return made;
  }

  /** Sends once more what got no answer before the page was loaded anew. */
  async sendAgain() {
    const { foods, records } = lastImport()!;
    await this.api.importFile(lastArchive());
    rememberImport({ foods, records });
    return { foods, records };
  }
}
