/** What the pages behind the first screen read of the diary. */
import { call, Problem } from './http';
import { orLast } from './last';
import type { Known, Value } from './paths';
import type { Review } from './types';

const get = <Path extends string>(path: Known<'GET', Path>): Promise<Value<'GET', Path>> =>
  orLast(path, async () => (await call('GET', path)).value);

export const food = (id: string) => get(`/api/foods/${id}`);
export const foods = async (state: 'active' | 'archived' | 'deleted') =>
  (await get(`/api/foods?state=${state}`)).foods;

export const streak = (id: string) => get(`/api/streaks/${id}`);
export const stats = (id: string) => get(`/api/streaks/${id}/stats`);
export const calendar = async (id: string, from: string, to: string) =>
  (await get(`/api/streaks/${id}/calendar?from=${from}&to=${to}`)).days;
/** All foods at once. */
export const calendars = (from: string, to: string) =>
  get(`/api/streaks/calendar?from=${from}&to=${to}`);

export const reviews = (query: URLSearchParams) => get(`/api/reviews?${query.toString()}`);
/** What weeks were like, of all foods together. */
export const reviewStats = (from: string, to: string) =>
  get(`/api/reviews/stats?from=${from}&to=${to}`);
export const skips = async () => (await get('/api/reviews/skips')).skips;

/** The review of a date; null where nothing is recorded. */
export const review = (date: string): Promise<Review | null> =>
  orLast(`/api/reviews/${date}`, async () => {
    try {
      return (await call('GET', `/api/reviews/${date}`)).value;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  });
