/** What the pages behind the first screen read of the diary, one line a call. */
import { call, Problem } from './http';
import type { CalendarDay, Food, Review, Skip, Stats, Streak } from './types';

const get = async <T>(path: string) => (await call<T>('GET', path)).value;

export const food = (id: string) => get<Food>(`/api/foods/${id}`);
export const foods = async (state: 'active' | 'archived' | 'deleted') =>
  (await get<{ foods: Food[] }>(`/api/foods?state=${state}`)).foods;

export const streak = (id: string) => get<Streak>(`/api/streaks/${id}`);
export const stats = (id: string) => get<Stats>(`/api/streaks/${id}/stats`);
export const calendar = async (id: string, from: string, to: string) =>
  (await get<{ days: CalendarDay[] }>(`/api/streaks/${id}/calendar?from=${from}&to=${to}`)).days;

export interface ReviewPage {
  reviews: Review[];
  next_cursor: string | null;
}
export const reviews = (query: URLSearchParams) => get<ReviewPage>(`/api/reviews?${query}`);
export const skips = async () => (await get<{ skips: Skip[] }>('/api/reviews/skips')).skips;

/** The review of a date; null where nothing is recorded. */
export const review = async (date: string): Promise<Review | null> => {
  try {
    return await get<Review>(`/api/reviews/${date}`);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
};
