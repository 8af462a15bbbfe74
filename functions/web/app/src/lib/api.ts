/** The calls of the app, one line each. */
import { type Answer, call, Problem } from './http';
import type { Food, Me, Provider, Review, ReviewInput, Streak, Today } from './types';

export type ReviewAnswer = { review: Review; streaks: Streak[] };
export type NewFood = { id: string; name: string; start_date?: string };

const get = async <T>(path: string) => (await call<T>('GET', path)).value;

export const today = () => get<Today>('/api/streaks/today');

export const providers = async () =>
  (await get<{ providers: Provider[] }>('/api/auth/providers')).providers;
export const changeMe = async (change: Partial<Pick<Me, 'locale' | 'time_zone' | 'day_start'>>) =>
  (await call<Me>('PATCH', '/api/auth/me', { body: change })).value;
export const logout = () => call<void>('POST', '/api/auth/logout');

export const addFood = async (food: NewFood) =>
  (await call<Food>('POST', '/api/foods', { body: food })).value;
export const changeFood = async (id: string, change: Partial<Pick<Food, 'name' | 'start_date'>>) =>
  (await call<Food>('PATCH', `/api/foods/${id}`, { body: change })).value;
export const removeFood = (id: string) => call<void>('DELETE', `/api/foods/${id}`);
export const deletedFoods = async () =>
  (await get<{ foods: Food[] }>('/api/foods?state=deleted')).foods;
export const restoreFood = (id: string) => call<Food>('POST', `/api/foods/${id}/restore`);

/** The review of a date with its ETag; nothing recorded reads as null without one. */
export async function review(date: string): Promise<Answer<Review | null>> {
  try {
    return await call<Review>('GET', `/api/reviews/${date}`);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return { value: null, etag: null };
    throw error;
  }
}

/** Stores a review on the condition that it is still what `etag` says (null: nothing recorded). */
export const putReview = (date: string, input: ReviewInput, etag: string | null) =>
  call<ReviewAnswer>('PUT', `/api/reviews/${date}`, {
    body: input,
    headers: etag ? { 'If-Match': etag } : { 'If-None-Match': '*' },
  });
