/** The calls of the app, one line each. */
import { call } from './http';
import type { Food, Me, Provider, Today } from './types';

const get = async <T>(path: string) => (await call<T>('GET', path)).value;

export const today = () => get<Today>('/api/streaks/today');

export const providers = async () =>
  (await get<{ providers: Provider[] }>('/api/auth/providers')).providers;
export const changeMe = async (change: Partial<Pick<Me, 'locale' | 'time_zone' | 'day_start'>>) =>
  (await call<Me>('PATCH', '/api/auth/me', { body: change })).value;
export const logout = () => call<void>('POST', '/api/auth/logout');

export const changeFood = async (id: string, change: Partial<Pick<Food, 'name' | 'start_date'>>) =>
  (await call<Food>('PATCH', `/api/foods/${id}`, { body: change })).value;
export const removeFood = (id: string) => call<void>('DELETE', `/api/foods/${id}`);
export const deletedFoods = async () =>
  (await get<{ foods: Food[] }>('/api/foods?state=deleted')).foods;
export const restoreFood = (id: string) => call<Food>('POST', `/api/foods/${id}/restore`);
