/** What this tab imported last, so that it can be taken back from the same page, after a reload too. */
import { context } from '../api/http';
import { read, write } from '../ui/storage';

export interface Import {
  account: string | null;
  /** The ids of its foods. */
  foods: string[];
  records: number;
}

const KEY = 'hanip.moved-in';

export function lastImport(): Import | null {
  const last = read<Import>('sessionStorage', KEY);
  return last?.account === context.account ? last : null;
}

export const rememberImport = (made: Omit<Import, 'account'> | null) =>
  write('sessionStorage', KEY, made && { ...made, account: context.account });
