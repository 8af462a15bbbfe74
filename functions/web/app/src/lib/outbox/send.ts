/** Sends one write to the API. Sending it again is safe: names and dates are the app's own. */
import { call, Problem } from '../api/http';
import { Conflict } from './conflict';
import { conflicts, valuesOf } from './fields';
import { changeOf, type Item } from './item';
import { sendReview } from './send-review';

/** The answer. Throws what `call` throws, and Conflict; for a review also FoodsRefused. */
export async function send(item: Item): Promise<unknown> {
  const { method, path, review, account } = item;
  const headers = { 'Hanip-Account': account };
  if (review) return sendReview(review, headers);
  try {
    const body = item.seen ? await merge(item, headers) : item.body;
    return (await call(method, path, { body, headers })).value;
  } catch (error) {
    // It is deleted already, perhaps by this very write when its answer was lost.
    if (method === 'DELETE' && error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** The body that changes what the person changed, and leaves the rest as it is stored now. */
async function merge(item: Item, headers: Record<string, string>) {
  const { seen, change } = changeOf(item);
  const changed = Object.fromEntries(
    Object.entries(item.body as object).filter(([name]) => name in seen),
  );
  const stored = await read(item, headers);
  // A food that is gone is refused by the API, in words that offer to bring it back.
  if (!stored && item.method !== 'PATCH') throw new Conflict(null);
  const now = valuesOf(stored, seen);
  if (stored && conflicts(now, seen, change)) throw new Conflict(now);
  if (item.method === 'PATCH') return changed;
  const { id: _, date: __, ...rest } = stored as { id: string; date?: string };
  return { ...rest, ...changed };
}

/** The food, slip or range as it is stored now; undefined where there is none. */
async function read({ path, seen }: Item, headers: Record<string, string>): Promise<unknown> {
  const [, , area, date, kind, slip] = path.split('/');
  try {
    if (area === 'foods') return (await call('GET', `/api/foods/${date}`, { headers })).value;
    if (kind === 'slips') {
      // A slip that is moved to another date is still on the date where it was seen.
      const review = await call('GET', `/api/reviews/${seen?.date ?? date}`, { headers });
      return review.value.slips.find(({ id }) => id === slip);
    }
    const { skips } = (await call('GET', '/api/reviews/skips', { headers })).value;
    return skips.find(({ id }) => id === kind);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  }
}
