/** The writes that wait on this device, in the order they were made: what IndexedDB holds of the outbox. */
import { device } from './device';
import type { Problem } from '../api/http';
import { type Fields, sameFieldsOf, saidBeside, saidOf } from './fields';
import type { Item } from './write';

export const add = async (item: Item) => (await device()).add('outbox', item);

export const drop = async (seq: number) => (await device()).delete('outbox', seq);

export const all = async (account: string | null) =>
  (await (await device()).getAll('outbox')).filter((item) => item.account === account);

async function edit(run: (items: Item[], store: Store) => void) {
  const { store, done } = (await device()).transaction('outbox', 'readwrite');
  run(await store.getAll(), store);
  await done;
}
type Store = { put: (item: Item) => unknown; delete: (seq: number) => unknown };

export const dropAll = (account: string | null) =>
  edit((items, store) => {
    for (const item of items) if (item.account === account) store.delete(item.seq);
  });

export const change = (seq: number, how: (item: Item) => void) =>
  edit((items, store) => {
    const item = items.find((item) => item.seq === seq);
    if (!item) return;
    how(item);
    store.put(item);
  });

/** The later writes of the same date. */
const onTopOf = ({ seq, account, review }: Item, items: Item[]) =>
  items.filter(
    (item) =>
      item.seq > seq && item.account === account && review && item.review?.date === review.date,
  );

/** Lets go of a write, and of what was written on top of it. */
export const dropFrom = (item: Item) =>
  edit((items, store) => {
    for (const { seq } of [item, ...onTopOf(item, items)]) store.delete(seq);
  });

/** Lets go of a write that is stored: what was written on top of it has seen that. */
export const settle = (item: Item) =>
  edit((items, store) => {
    store.delete(item.seq);
    const change = item.review?.change ?? {};
    for (const next of onTopOf(item, items)) store.put(seeing(next, change));
  });

/** What was written on top of a refused write stands on what was below it. */
export const skip = (item: Item) =>
  edit((items, store) => {
    for (const next of onTopOf(item, items)) store.put(seeing(next, below(item.review!)));
  });

const seeing = (item: Item, fields: Fields): Item => {
  const review = item.review!;
  return { ...item, review: { ...review, seen: { ...review.seen, ...fields } } };
};

const below = ({ seen, change }: NonNullable<Item['review']>) => sameFieldsOf(seen, change);

/** Leaves of a review what can be stored; what it says of each of these foods stays beside it, refused. */
export const split = (item: Item, foods: Map<string, Problem>) =>
  edit((items, store) => {
    const review = item.review!;
    const parts = [...foods].map(([food, { status, code, message, errors }]) => ({
      ...item,
      review: { ...review, change: saidOf(review.change, food) },
      refused: { status, code, detail: message, errors, food },
    }));
    for (const next of onTopOf(item, items)) {
      store.put(parts.reduce((next, { review }) => seeing(next, below(review)), next));
    }
    const change = saidBeside(review.change, [...foods.keys()]);
    const rest = Object.keys(change).length ? [{ ...item, review: { ...review, change } }] : [];
    const [first, ...others] = [...rest, ...parts];
    store.put(first!);
    for (const { seq, ...other } of others) store.put(other as Item);
  });
