/**
 * The browser's stores for small things. They may be switched off, full or damaged, and throw as
 * soon as they are named: then this page alone remembers, until it is closed.
 */

type Store = 'localStorage' | 'sessionStorage';

/** What a store could not take; null where it could not forget. */
const unstored = new Map<string, string | null>();

export function read<T>(store: Store, key: string): T | null {
  try {
    const own = unstored.get(`${store}/${key}`);
    return JSON.parse((own === undefined ? globalThis[store].getItem(key) : own) ?? 'null') as T;
  } catch {
    return null;
  }
}

/** Returns whether it outlives this page. */
export function write(store: Store, key: string, value: unknown): boolean {
  const text = value === null ? null : JSON.stringify(value);
  try {
    if (text === null) globalThis[store].removeItem(key);
    else globalThis[store].setItem(key, text);
    unstored.delete(`${store}/${key}`);
    return true;
  } catch {
    unstored.set(`${store}/${key}`, text);
    return false;
  }
}

/** The keys that begin so. */
export function keys(store: Store, prefix: string): string[] {
  const mine = [...unstored].flatMap(([key, text]) => (text === null ? [] : [key]));
  const all = mine
    .filter((key) => key.startsWith(`${store}/`))
    .map((key) => key.slice(store.length + 1));
  try {
    all.push(...Object.keys(globalThis[store]));
  } catch {
    // There is none.
  }
  return [...new Set(all)].filter((key) => key.startsWith(prefix));
}
