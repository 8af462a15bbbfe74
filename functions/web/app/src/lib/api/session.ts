/** The calls of the app, one line each. */
import { call } from './http';
import type { Me, Provider, Today } from './types';

const get = async <T>(path: string) => (await call<T>('GET', path)).value;

export const today = () => get<Today>('/api/streaks/today');

export const providers = async () =>
  (await get<{ providers: Provider[] }>('/api/auth/providers')).providers;
export const changeMe = async (
  change: Partial<Pick<Me, 'display_name' | 'locale' | 'time_zone' | 'day_start'>>,
) => (await call<Me>('PATCH', '/api/auth/me', { body: change })).value;
export const logout = () => call<void>('POST', '/api/auth/logout');
