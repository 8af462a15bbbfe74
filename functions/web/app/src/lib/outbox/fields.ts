/**
 * A review as single fields (`difficulty`, `note`, `<food id>.outcome`), so that each can be
 * compared, changed and taken back by itself. What is absent is null.
 */
import type { Level, Outcome, NewReview } from '../api/types';

export type Value = string | number | null;
export type Fields = Record<string, Value>;

/** A review, or the part of one that is to change. */
export interface PartialReview {
  difficulty?: Level | null;
  mood?: Level | null;
  note?: string | null;
  foods?: { food_id: string; outcome?: Outcome | null; note?: string | null }[];
}

export function toFields(review: PartialReview | null): Fields {
  const { difficulty, mood, note, foods = [] } = review ?? {};
  const all: Record<string, string | number | null | undefined> = { difficulty, mood, note };
  for (const food of foods) {
    all[`${food.food_id}.outcome`] = food.outcome;
    all[`${food.food_id}.note`] = food.note;
  }
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, asStored(value!)]));
}

/** Texts as the API stores them, so that they compare equal when they come back. */
function asStored(value: Value) {
  if (typeof value !== 'string') return value;
  return value.trim() ? value.replaceAll('\r\n', '\n').normalize('NFC') : null;
}

/** The same of a food, a slip or a range of days off, for the fields that `names` has. */
export function valuesOf(record: unknown, names: Fields): Fields {
  const all = (record ?? {}) as Record<string, string | number | string[] | null | undefined>;
  const values = Object.keys(names).map((name) => {
    const value = all[name] ?? null;
    return [name, asStored(Array.isArray(value) ? [...value].sort().join(' ') : value)];
  });
  return Object.fromEntries(values) as Fields;
}

/** The values that the fields of a change have in a review. Sent after the change, they take it back. */
export const valuesIn = (review: Fields, change: Fields): Fields =>
  Object.fromEntries(Object.keys(change).map((name) => [name, review[name] ?? null]));

const foodOf = (name: string) => name.match(/^(.+)\./)?.[1];

export const foodsOf = (change: Fields) => [
  ...new Set(Object.keys(change).flatMap((name) => foodOf(name) ?? [])),
];

const pick = (change: Fields, wanted: (food: string | undefined) => boolean): Fields =>
  Object.fromEntries(Object.entries(change).filter(([name]) => wanted(foodOf(name))));

/** The fields of one food. */
export const fieldsOf = (change: Fields, food: string) => pick(change, (other) => other === food);

/** The fields of all but these foods. */
export const fieldsBeside = (change: Fields, foods: string[]) =>
  pick(change, (food) => !food || !foods.includes(food));

/** Whether the date holds something that the person neither saw nor wants. */
export const conflicts = (stored: Fields, seen: Fields, wanted: Fields) =>
  conflicting(stored, seen, wanted).length > 0;

/** The fields that hold something that the person neither saw nor wants. */
export const conflicting = (stored: Fields, seen: Fields, wanted: Fields): string[] =>
  Object.keys(wanted).filter(
    (name) => !same(stored[name], wanted[name]) && !same(stored[name], seen[name]),
  );

/** Whether two values mean the same. The API mends what people paste: texts that differ only in that do. */
export const same = (one: Value | undefined, other: Value | undefined) =>
  comparable(one) === comparable(other);

const INVISIBLE = /[\xAD\u180E\u200B\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

const comparable = (value: Value | undefined) =>
  typeof value === 'string'
    ? value
        .replace(/\r\n?|[\u2028\u2029]/g, '\n')
        .replace(/[\t\v]/g, ' ')
        .replace(INVISIBLE, '')
        .normalize('NFC')
        .trim() || null
    : (value ?? null);

/** The body of a PUT that makes the change and leaves all else as it is stored. */
export function toBody(stored: Fields, change: Fields) {
  const all = { ...stored, ...change };
  return {
    difficulty: (all.difficulty ?? null) as Level | null,
    mood: (all.mood ?? null) as Level | null,
    note: (all.note ?? null) as string | null,
    foods: foodsOf(change).map((id) => ({
      food_id: id,
      outcome: (all[`${id}.outcome`] ?? null) as Outcome | null,
      note: (all[`${id}.note`] ?? null) as string | null,
    })),
  } satisfies NewReview;
}
