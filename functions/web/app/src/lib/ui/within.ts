import { Unavailable } from '../api/http';

/** How long a file of the app may take to load, in milliseconds. */
const TIMEOUT = 30_000;

/** The same promise, which rejects with Unavailable where it takes longer. */
export function within<T>(promise: Promise<T>, timeout = TIMEOUT): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unavailable()), timeout);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
