/** Signing in and out, and who is signed in. */
import { call } from './http';
import type { MeChange } from './types';

export const providers = async () => (await call('GET', '/api/auth/providers')).value;
export const changeMe = async (body: MeChange) =>
  (await call('PATCH', '/api/auth/me', { body })).value;
export const logout = () => call('POST', '/api/auth/logout');
