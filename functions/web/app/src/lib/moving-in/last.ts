/** What this tab imported last, so that it can be taken back from the same page, after a reload too. */
import { context } from '../api/http';
import type { Archive } from '../api/types';
import { read, write } from '../ui/storage';

export interface Import {
  account: string | null;
  /** The ids of its foods. */
  foods: string[];
  records: number;
  /** No answer came: it may be stored, or a part of it. */
  unanswered?: boolean;
}

const KEY = 'hanip.moved-in';
const ARCHIVE = 'hanip.moving-in';

export function lastImport(): Import | null {
  const last = read<Import>('sessionStorage', KEY);
  return last?.account === context.account ? last : null;
}

/** What was sent without an answer; null where it was too big for the browser to keep. */
export const lastArchive = () =>
  lastImport()?.unanswered ? read<Archive>('sessionStorage', ARCHIVE) : null;

/** `archive` is kept too, to be sent again. */
export function rememberImport(
  made: Omit<Import, 'account'> | null,
  archive: Archive | null = null,
) {
  write('sessionStorage', KEY, made && { ...made, account: context.account });
  // One that is too big leaves none of before.
  write('sessionStorage', ARCHIVE, null);
  if (archive) write('sessionStorage', ARCHIVE, archive);
}
