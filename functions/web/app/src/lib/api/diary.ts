/** What the pages behind the first screen read of the diary. */
import { call, Problem } from './http';
import type { Review } from './types';

export const food = async (id: string) => (await call('GET', `/api/foods/${id}`)).value;
export const foods = async (state: 'active' | 'archived' | 'deleted') =>
  (await call('GET', `/api/foods?state=${state}`)).value.foods;

export const streak = async (id: string) => (await call('GET', `/api/streaks/${id}`)).value;
export const stats = async (id: string) => (await call('GET', `/api/streaks/${id}/stats`)).value;
export const calendar = async (id: string, from: string, to: string) =>
  (await call('GET', `/api/streaks/${id}/calendar?from=${from}&to=${to}`)).value.days;

export const reviews = async (query: URLSearchParams) =>
  (await call('GET', `/api/reviews?${query.toString()}`)).value;
export const skips = async () => (await call('GET', '/api/reviews/skips')).value.skips;

/** The review of a date; null where nothing is recorded. */
export const review = async (date: string): Promise<Review | null> => {
  try {
    return (await call('GET', `/api/reviews/${date}`)).value;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
};
