/**
 * The last answers to what the pages behind the first screen read. This tab keeps a few of them, and
 * shows them again where the network is away.
 */
import { context, Unavailable } from './http';
import { read, write } from '../ui/storage';

interface Last {
  account: string | null;
  /** By what was asked, the newest first. */
  answers: [asked: string, answer: unknown][];
}

const KEY = 'hanip.last';
/** A page reads up to five. */
const MOST = 15;

function all(): Last {
  const { account } = context;
  const kept = read<Last>('sessionStorage', KEY);
  return kept && kept.account === account ? kept : { account, answers: [] };
}

/** What `ask` answers; without a network what it answered last, if this tab still has that. */
export async function orLast<T>(asked: string, ask: () => Promise<T>): Promise<T> {
  const { account } = context;
  try {
    const answer = await ask();
    if (account === context.account) {
      const others = all().answers.filter(([other]) => other !== asked);
      write('sessionStorage', KEY, {
        account,
        answers: [[asked, answer], ...others].slice(0, MOST),
      });
    }
    return answer;
  } catch (error) {
    // An answer of the API that says when to try again is one.
    const away = error instanceof Unavailable && !error.code;
    const known = away && all().answers.find(([other]) => other === asked);
    if (!known) throw error;
    context.away();
    return known[1] as T;
  }
}
