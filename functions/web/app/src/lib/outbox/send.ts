/** Sends one write to the API. Sending it again is safe: names and dates are the app's own. */
import { call, Problem } from '../api/http';
import type { Item } from './item';
import { sendReview } from './send-review';

/** The answer. Throws what `call` throws, and for a review also Conflict and FoodsRefused. */
export async function send({ method, path, body, review, account }: Item): Promise<unknown> {
  const headers = { 'Hanip-Account': account };
  if (review) return sendReview(review, headers);
  try {
    return (await call(method, path, { body, headers })).value;
  } catch (error) {
    // It is deleted already, perhaps by this very write when its answer was lost.
    if (method === 'DELETE' && error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
