/**
 * Sends a review under the condition that the date still holds what this device knows of it
 * (`If-Match`), so that nothing another device stored is overwritten unseen.
 */
import { type Answer, call, Problem } from '../api/http';
import type { Review } from '../api/types';
import { Conflict } from './conflict';
import { conflicts, type Fields, fieldsOf, foodsOf, same, toBody, toFields } from './fields';
import { type Refusal, type ReviewWrite, toRefusal } from './item';

/** The API refuses what the review says of these foods, which another device deleted, say. */
export class FoodsRefused extends Error {
  constructor(readonly foods: Map<string, Refusal>) {
    super();
  }
}

type Headers = Record<string, string>;
type Body = ReturnType<typeof toBody>;

/** How often it is tried while other devices change the date between our reading and writing it. */
const ATTEMPTS = 4;

/** What the person saw; where that may come of either of two values, the one that is stored. */
function sawOf(stored: Fields, { seen, orSeen = {} }: ReviewWrite): Fields {
  const others = Object.entries(orSeen).filter(([name, value]) => same(stored[name], value));
  return { ...seen, ...Object.fromEntries(others) };
}

export async function sendReview(write: ReviewWrite, headers: Headers) {
  const { date, change } = write;
  for (let attempt = 1; ; attempt++) {
    const cached = cache.get(date);
    const stored = cached ?? (await read(date, headers));
    const seen = sawOf(stored.fields, write);
    if (conflicts(stored.fields, seen, change)) {
      cache.delete(date);
      if (cached) continue;
      const contested = foodsOf(change).filter((food) =>
        conflicts(stored.fields, seen, fieldsOf(change, food)),
      );
      // What was said of a deleted food is gone with it: there is nothing to choose between.
      const deleted = await deletedOf(contested, headers);
      throw deleted.size ? new FoodsRefused(deleted) : new Conflict(stored.review);
    }
    const body = toBody(stored.fields, change);
    try {
      return await put(date, body, stored.etag, headers);
    } catch (error) {
      cache.delete(date);
      if (!(error instanceof Problem)) throw error;
      const refused = refusedOf(body, error);
      if (refused.size) throw new FoodsRefused(refused);
      if (error.status !== 412 || attempt === ATTEMPTS) throw error;
    }
  }
}

async function put(date: string, body: Body, etag: string | null, headers: Headers) {
  const condition: Headers = etag ? { 'If-Match': etag } : { 'If-None-Match': '*' };
  const answer = await call('PUT', `/api/reviews/${date}`, {
    body,
    headers: { ...headers, ...condition },
  });
  remember(date, { value: answer.value.review, etag: answer.etag });
  return answer.value;
}

async function deletedOf(foods: string[], headers: Headers) {
  const deleted = new Map<string, Refusal>();
  for (const food of foods) {
    try {
      await call('GET', `/api/foods/${food}`, { headers });
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
      deleted.set(food, toRefusal(error));
    }
  }
  return deleted;
}

function refusedOf({ foods }: Body, { status, errors }: Problem) {
  const refused = new Map<string, Refusal>();
  for (const { pointer, code, detail } of errors) {
    const food = foods[Number(pointer?.match(/^\/foods\/(\d+)\/food_id$/)?.[1])];
    if (food) refused.set(food.food_id, { status, code, detail, errors: [] });
  }
  return refused;
}

/** What a date holds, by the last answer of the API. */
interface Stored {
  review: Review | null;
  fields: Fields;
  etag: string | null;
}

const NOTHING: Stored = { review: null, fields: {}, etag: null };
const cache = new Map<string, Stored>();

function remember(date: string, { value, etag }: Answer<Review>): Stored {
  const stored = { review: value, fields: toFields(value), etag };
  cache.set(date, stored);
  return stored;
}

async function read(date: string, headers: Headers): Promise<Stored> {
  try {
    return remember(date, await call('GET', `/api/reviews/${date}`, { headers }));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return NOTHING;
    throw error;
  }
}

/**
 * Reads what the date holds before anything is written, so that saving takes one request, and to a
 * function that runs: it may have been scaled to zero.
 */
export async function prepare(date: string, review: Review | null, account: string) {
  if (review) return void (await read(date, { 'Hanip-Account': account }));
  cache.set(date, NOTHING);
  await call('GET', `/api/reviews?from=${date}&to=${date}&limit=1`);
}
