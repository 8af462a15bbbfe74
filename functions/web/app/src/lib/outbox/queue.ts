/**
 * The writes that this device keeps, in the order they were made. Each function that changes one
 * is an arrow of the diagram in the README, and one transaction of IndexedDB. What IndexedDB does
 * not take, this page keeps in memory, so that it can be sent all the same.
 */
import { transaction } from './device';
import { type Fields, fieldsBeside, fieldsOf, valuesIn } from './fields';
import {
  changeOf,
  isInMemory,
  type Item,
  type Refusal,
  targetOf,
  type Theirs,
  withSeen,
} from './item';

/** What IndexedDB has not taken, by number; null for what it has not deleted. */
const inMemory = new Map<number, Item | null>();
/** What IndexedDB had last. */
let known: Item[] = [];

interface Store {
  put: (item: Item) => void;
  delete: (seq: number) => void;
}

const memory: Store = {
  put: (item) => {
    const seq = item.seq ?? nextInMemory();
    inMemory.set(seq, { ...item, seq });
  },
  delete: (seq) => inMemory.set(seq, null),
};

/** Between the whole numbers of IndexedDB, and in order. */
const nextInMemory = () => Math.max(0, ...withMemory().map(({ seq }) => seq)) + 0.001;

function withMemory(): Item[] {
  const others = known.filter(({ seq }) => !inMemory.has(seq));
  const mine = [...inMemory.values()].filter((item) => item !== null);
  return [...others, ...mine].sort((one, other) => one.seq - other.seq);
}

/** Runs on what is kept. IndexedDB has taken all changes that are not in memory when this resolves. */
async function change(run: (items: Item[], store: Store) => void) {
  try {
    await transaction('outbox', async (table) => {
      known = await table.getAll();
      const requests: Promise<unknown>[] = [];
      run(withMemory(), {
        put: (item) => {
          if (inMemory.has(item.seq)) memory.put(item);
          else requests.push(table.put(item));
        },
        delete: (seq) => {
          if (inMemory.has(seq)) memory.delete(seq);
          else requests.push(table.delete(seq));
        },
      });
      await Promise.all(requests);
    });
  } catch {
    run(withMemory(), memory);
  }
}

export async function all(account: string | null) {
  await transaction('outbox', async (table) => {
    known = await table.getAll();
  }).catch(() => {});
  return withMemory().filter((item) => item.account === account);
}

/** Gives its number, by which `isInMemory` tells whether this page alone keeps it. */
export async function add(item: Omit<Item, 'seq'>): Promise<number> {
  try {
    return await transaction('outbox', (table) => table.add(item as Item));
  } catch {
    const seq = nextInMemory();
    memory.put({ ...item, seq });
    return seq;
  }
}

export const drop = (seq: number) => change((_, store) => store.delete(seq));

export const dropAll = (account: string | null) =>
  change((items, store) => {
    for (const item of items) if (item.account === account) store.delete(item.seq);
  });

/** Changes a write, if this device still has it. `later` are the later writes of the same thing. */
const edit = (seq: number, run: (item: Item, store: Store, later: Item[]) => void) =>
  change((items, store) => {
    const item = items.find((item) => item.seq === seq);
    if (!item) return;
    const target = targetOf(item);
    const isLater = (other: Item) =>
      other.seq > seq && other.account === item.account && target && targetOf(other) === target;
    run(item, store, items.filter(isLater));
  });

/** The API stored it. Later writes of the same thing are rebased onto what it holds now. */
export const complete = (seq: number, stored: Fields) =>
  edit(seq, (item, store, later) => {
    store.delete(seq);
    const { change } = changeOf(item);
    for (const other of later) store.put(rebase(other, { ...change, ...pick(stored, change) }));
  });

/** Another device stored something else. */
export const setConflict = (seq: number, theirs: Theirs) =>
  edit(seq, (item, store) => store.put({ ...item, conflict: { theirs } }));

/** The person has seen what the other device stored, and wants their own. */
export const keepMine = (seq: number, theirs: Fields) =>
  edit(seq, ({ conflict, ...item }, store) => store.put(withSeen(item, theirs)));

/** The person wants what the other device stored: this write goes, and the later ones of the same thing. */
export const takeTheirs = (seq: number) =>
  edit(seq, (_, store, later) => {
    store.delete(seq);
    for (const other of later) store.delete(other.seq);
  });

/** The API has answered it with a 5xx, now this many times. */
export const countServerErrors = (seq: number, serverErrors: number) =>
  edit(seq, (item, store) => store.put({ ...item, serverErrors }));

/** The API refused it. Later writes of the same thing are rebased onto what was there before it. */
export const refuse = (seq: number, refused: Refusal) =>
  edit(seq, (item, store, later) => {
    store.put({ ...item, refused });
    for (const other of later) store.put(rebase(other, valuesBefore(item)));
  });

/**
 * The API refused what a review says of these foods. Each of them becomes a write of its own, which
 * is refused; the rest of the review waits.
 */
export const refuseFoods = (seq: number, foods: Map<string, Refusal>) =>
  edit(seq, (item, store, later) => {
    const review = item.review!;
    const refused = [...foods].map(([food, refusal]): Item => {
      const change = fieldsOf(review.change, food);
      return { ...item, review: { ...review, change }, refused: { ...refusal, food } };
    });
    for (const other of later) {
      store.put(refused.reduce((other, part) => rebase(other, valuesBefore(part)), other));
    }
    const change = fieldsBeside(review.change, [...foods.keys()]);
    const rest = Object.keys(change).length ? [{ ...item, review: { ...review, change } }] : [];
    const [first, ...others] = [...rest, ...refused];
    store.put(first!);
    // Without a number, IndexedDB gives the next one.
    for (const { seq: _, ...other } of others) store.put(other as Item);
  });

/** The person wants it sent once more. */
export const resend = (seq: number) =>
  edit(seq, ({ refused, serverErrors, ...item }, store) => store.put(item));

/** A write as if the person had seen these values when they made it. */
const rebase = (item: Item, fields: Fields): Item =>
  withSeen(item, { ...changeOf(item).seen, ...fields });

const valuesBefore = (item: Item) => {
  const { change, seen } = changeOf(item);
  return valuesIn(seen, change);
};

/** Those fields of a change that are known. */
const pick = (stored: Fields, change: Fields): Fields =>
  Object.fromEntries(Object.entries(stored).filter(([name]) => name in change));
export { isInMemory };
