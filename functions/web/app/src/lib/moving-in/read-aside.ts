/** Reads a file in a thread of its own, so that the page answers meanwhile. */
import { Unavailable } from '../api/http';
import { type Found, type Habit, NotUnderstood, type Options } from './found';
import type { Answer, End, Question } from './reader';
import url from './reader?worker&url';

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: () => string }): Rules;
}
interface Rules {
  createScriptURL(name: string): string;
}

const { trustedTypes } = globalThis as { trustedTypes?: Policies };
const policy = trustedTypes?.createPolicy('hanip-reader', { createScriptURL: () => url });

export async function readAside(file: Blob, options: Options): Promise<Found> {
  const worker = new Worker(policy?.createScriptURL(url) ?? url, { type: 'module' });
  const habits: Habit[] = [];
  try {
    const end = await new Promise<End>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if ('habit' in data) habits.push(data.habit);
        else resolve(data);
      };
      // Without words where the script did not come.
      worker.onerror = ({ message }) => reject(message ? new Error(message) : new Unavailable());
      worker.postMessage({ file, options } satisfies Question);
    });
    if ('fault' in end) throw new NotUnderstood(end.fault);
    return { ...end.found, habits };
  } finally {
    worker.terminate();
  }
}
