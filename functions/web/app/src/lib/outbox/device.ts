/** The IndexedDB of this device: the outbox, and the last answer for the first screen. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Item } from './item';
import type { Today } from '../api/types';

interface Device extends DBSchema {
  outbox: { key: number; value: Item };
  /** At most one row, of the account that was signed in last. */
  today: { key: string; value: Today };
}

let opened: Promise<IDBPDatabase<Device>> | undefined;

export function device(): Promise<IDBPDatabase<Device>> {
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

/** The last answer for the first screen, if there is one. */
export const lastToday = async () => (await (await device()).getAll('today'))[0] ?? null;

export async function keepToday(today: Today | null) {
  const { store, done } = (await device()).transaction('today', 'readwrite');
  void store.clear();
  if (today) void store.put(today);
  await done;
}
