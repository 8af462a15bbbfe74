/**
 * The writes that this device keeps in IndexedDB, in the order they were made. Each function that
 * changes one is an arrow of the diagram in the README, and one transaction.
 */
import type { Review } from '../api/types';
import { device } from './device';
import { type Fields, fieldsBeside, fieldsOf, toFields, valuesIn } from './fields';
import type { Item, Refusal } from './item';

export const all = async (account: string | null) =>
  (await (await device()).getAll('outbox')).filter((item) => item.account === account);

export const add = async (item: Item) => (await device()).add('outbox', item);

export const drop = async (seq: number) => (await device()).delete('outbox', seq);

type Store = { put: (item: Item) => unknown; delete: (seq: number) => unknown };

async function transaction(run: (items: Item[], store: Store) => void) {
  const { store, done } = (await device()).transaction('outbox', 'readwrite');
  run(await store.getAll(), store);
  await done;
}

export const dropAll = (account: string | null) =>
  transaction((items, store) => {
    for (const item of items) if (item.account === account) store.delete(item.seq);
  });

/** Changes a write, if this device still has it. `later` are the later writes of the same date. */
const edit = (seq: number, change: (item: Item, store: Store, later: Item[]) => void) =>
  transaction((items, store) => {
    const item = items.find((item) => item.seq === seq);
    if (!item) return;
    const { account, review } = item;
    const isLater = (other: Item) =>
      other.seq > seq && other.account === account && review && other.review?.date === review.date;
    change(item, store, items.filter(isLater));
  });

/** The API stored it. Later writes of the date are rebased onto it. */
export const complete = (seq: number) =>
  edit(seq, (item, store, later) => {
    store.delete(seq);
    for (const other of later) store.put(rebase(other, item.review!.change));
  });

/** Another device stored something else. */
export const setConflict = (seq: number, theirs: Review | null) =>
  edit(seq, (item, store) => store.put({ ...item, conflict: { theirs } }));

/** The person has seen what the other device stored, and wants their own. */
export const keepMine = (seq: number) =>
  edit(seq, ({ conflict, review, ...item }, store) =>
    store.put({ ...item, review: { ...review!, seen: toFields(conflict!.theirs) } }),
  );

/** The person wants what the other device stored: this write goes, and the later ones of the date with it. */
export const takeTheirs = (seq: number) =>
  edit(seq, (_, store, later) => {
    store.delete(seq);
    for (const other of later) store.delete(other.seq);
  });

/** The API has answered it with a 5xx, now this many times. */
export const countServerErrors = (seq: number, serverErrors: number) =>
  edit(seq, (item, store) => store.put({ ...item, serverErrors }));

/** The API refused it. Later writes of the date are rebased onto what was there before it. */
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
const rebase = (item: Item, fields: Fields): Item => {
  const review = item.review!;
  return { ...item, review: { ...review, seen: { ...review.seen, ...fields } } };
};

const valuesBefore = ({ review }: Item) => valuesIn(review!.seen, review!.change);
