/** How a write that waited on this device reaches the API. */
import { type Answer, call, Problem } from '../api/http';
import { conflicts, type Fields, foodsOf, saidOf, toBody, toFields } from './fields';
import type { Review, ReviewInput, Streak } from '../api/types';
import type { Item } from './write';

/** Another device wrote something else meanwhile. */
export class Changed extends Error {
  constructor(readonly theirs: Review | null) {
    super();
  }
}

/** Nothing can be recorded of these foods: another device deleted them, say. The rest can. */
export class Partly extends Error {
  constructor(readonly foods: Map<string, Problem>) {
    super();
  }
}

interface Stored {
  review: Review | null;
  fields: Fields;
  etag: string | null;
}

const nothing: Stored = { review: null, fields: {}, etag: null };
/** What dates hold, by the last answer of each: the condition of the next write comes from here. */
const known = new Map<string, Stored>();

export async function send(item: Item): Promise<unknown> {
  const headers = { 'Hanip-Account': item.account };
  if (item.review) return sendReview(item.path, item.review, headers);
  try {
    return (await call(item.method, item.path, { body: item.body, headers })).value;
  } catch (error) {
    // Deleted already, by this very request perhaps.
    if (item.method === 'DELETE' && error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

async function sendReview(
  path: string,
  { change, seen }: NonNullable<Item['review']>,
  headers: Record<string, string>,
) {
  for (let attempt = 1; ; attempt++) {
    const before = known.get(path);
    const stored = before ?? (await look(path, headers));
    if (conflicts(stored.fields, seen, change)) {
      known.delete(path);
      if (before) continue;
      // With a food goes what was said of it, which is nothing to choose between.
      const contested = foodsOf(change).filter((food) =>
        conflicts(stored.fields, seen, saidOf(change, food)),
      );
      const deleted = await deletedOf(contested, headers);
      if (deleted.size) throw new Partly(deleted);
      throw new Changed(stored.review);
    }
    const body = toBody(stored.fields, change);
    try {
      const answer = await call<{ review: Review; streaks: Streak[] }>('PUT', path, {
        body,
        headers: {
          ...headers,
          ...(stored.etag ? { 'If-Match': stored.etag } : { 'If-None-Match': '*' }),
        },
      });
      remember(path, { value: answer.value.review, etag: answer.etag });
      return answer.value;
    } catch (error) {
      known.delete(path);
      if (!(error instanceof Problem)) throw error;
      const refused = refusedOf(body, error);
      if (refused.size) throw new Partly(refused);
      if (error.status !== 412 || attempt === 4) throw error;
    }
  }
}

async function deletedOf(foods: string[], headers: Record<string, string>) {
  const deleted = new Map<string, Problem>();
  for (const food of foods) {
    try {
      await call('GET', `/api/foods/${food}`, { headers });
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
      deleted.set(food, error);
    }
  }
  return deleted;
}

function refusedOf({ foods }: ReviewInput, { status, errors }: Problem) {
  const refused = new Map<string, Problem>();
  for (const { pointer, code, detail } of errors) {
    const food = foods[Number(pointer?.match(/^\/foods\/(\d+)\/food_id$/)?.[1])];
    if (food) refused.set(food.food_id, new Problem(status, code, detail));
  }
  return refused;
}

async function look(path: string, headers: Record<string, string>): Promise<Stored> {
  try {
    return remember(path, await call<Review>('GET', path, { headers }));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return nothing;
    throw error;
  }
}

function remember(path: string, { value, etag }: Answer<Review>): Stored {
  const stored = { review: value, fields: toFields(value), etag };
  known.set(path, stored);
  return stored;
}

/**
 * Wakes the function that will take the review of the date, and learns what it asks to be told,
 * so that saving is a single request to a function that is warm.
 */
export async function prepare(date: string, review: Review | null, account: string) {
  const path = `/api/reviews/${date}`;
  if (review) return void (await look(path, { 'Hanip-Account': account }));
  known.set(path, nothing);
  await call('GET', `/api/reviews?from=${date}&to=${date}&limit=1`);
}
