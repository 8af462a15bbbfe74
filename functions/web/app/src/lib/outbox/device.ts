/** What this device keeps: writes that wait to be sent, and the last first screen. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Item } from './item';
import type { Today } from '../api/types';

interface Device extends DBSchema {
  outbox: { key: number; value: Item };
  /** One row at most, of the account that was here last. */
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

/** The first screen as it was answered last, if this device still has it. */
export const lastToday = async () => (await (await device()).getAll('today'))[0] ?? null;

export async function keepToday(today: Today | null) {
  const { store, done } = (await device()).transaction('today', 'readwrite');
  void store.clear();
  if (today) void store.put(today);
  await done;
}
