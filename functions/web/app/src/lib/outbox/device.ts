/** The IndexedDB of this device: the outbox, and the last answer for the first screen. */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import type { Item } from './item';
import type { Heard } from '../api/clock';
import type { Today } from '../api/types';

export type LastToday = Today & { heard?: Heard | null };

interface Device extends DBSchema {
  outbox: { key: number; value: Item };
  /** At most one row, of the account that was signed in last. */
  today: { key: string; value: LastToday };
}
type Table = 'outbox' | 'today';
type Store<Name extends Table> = IDBPTransaction<Device, [Name], 'readwrite'>['store'];

/** A transaction that has not ended by then is aborted. In milliseconds. */
const TIMEOUT = 4_000;
/** How long IndexedDB is left alone after that. In milliseconds. */
const REST = 30_000;

let opened: Promise<IDBPDatabase<Device>> | undefined;
let restUntil = 0;

function open() {
  opened ??= openDB<Device>('hanip', 1, {
    upgrade(db) {
      db.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true });
      db.createObjectStore('today', { keyPath: 'me.id' });
    },
    terminated: () => (opened = undefined),
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

/** Runs a transaction. When this rejects, nothing was changed. */
export async function transaction<Name extends Table, Result>(
  name: Name,
  run: (store: Store<Name>) => Promise<Result>,
): Promise<Result> {
  if (performance.now() < restUntil) throw new Error('IndexedDB does not answer');
  let late = false;
  let abort = () => {};

  async function transact() {
    const db = await open();
    if (late) throw new Error('IndexedDB was too slow');
    const transaction = db.transaction(name, 'readwrite');
    abort = () => transaction.abort();
    try {
      const result = await run(transaction.store);
      await transaction.done;
      return result;
    } catch (error) {
      await transaction.done.catch(() => {});
      throw error;
    }
  }

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      late = true;
      restUntil = performance.now() + REST;
      reject(new Error('IndexedDB does not answer'));
      try {
        abort();
      } catch {
        // It had just ended.
      }
    }, TIMEOUT);
    transact()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** The last answer for the first screen, if there is one. */
export const lastToday = () =>
  transaction('today', async (store) => (await store.getAll())[0] ?? null);

export const keepToday = (today: LastToday | null) =>
  transaction('today', async (store) => {
    await store.clear();
    if (today) await store.put(today);
  });
