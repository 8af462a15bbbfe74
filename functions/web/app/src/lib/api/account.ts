/** The calls of the account pages. They go straight to the API: nothing of them waits in the outbox. */
import { Problem, Unavailable, call } from './http';
import type { Archive, Scope } from './types';

/** Deletes the account. One with very many records takes more than one request. */
export const deleteMe = async () => {
  for (;;) {
    try {
      await call('DELETE', '/api/auth/me');
      return;
    } catch (error) {
      if (!(error instanceof Unavailable && error.code === 'account-going')) throw error;
    }
  }
};

export const sessions = async () => (await call('GET', '/api/auth/sessions')).value.sessions;
export const endSession = (id: string) => call('DELETE', `/api/auth/sessions/${id}`);

const tokens = async () => (await call('GET', '/api/auth/tokens')).value.tokens;
export const scriptTokens = async () => (await tokens()).filter(({ scope }) => scope !== 'feed');
export const feedTokens = async () => (await tokens()).filter(({ scope }) => scope === 'feed');
export const makeToken = async (name: string, scope: Scope) =>
  (await call('POST', '/api/auth/tokens', { body: { name, scope } })).value;
export const endToken = (id: string) => call('DELETE', `/api/auth/tokens/${id}`);

export const identities = async () => (await call('GET', '/api/auth/identities')).value.identities;
export const unlink = (id: string) => call('DELETE', `/api/auth/identities/${id}`);
/** Where the browser has to go to link an identity at this provider. */
export const link = async (provider: string, returnTo: string) => {
  const query = new URLSearchParams({ return_to: returnTo });
  return (await call('POST', `/api/auth/${provider}/link?${query.toString()}`)).value.location;
};

/** The edge's own timeout: years of records take minutes to upload on a slow line. In milliseconds. */
const IMPORT_PATIENCE = 330_000;
/** Imports what a file holds. The API says what is wrong with it. */
export const importFile = async (file: unknown) => {
  const options = { body: file as Archive, patience: IMPORT_PATIENCE };
  return (await call('POST', '/api/data/import', options)).value;
};

/** Takes foods back that were imported. One that is not there any more is no fault: so it can go on where it broke off. */
export const removeFoods = async (ids: string[]) => {
  for (const id of ids) {
    await call('DELETE', `/api/foods/${id}`).catch((error: unknown) => {
      if (!(error instanceof Problem && error.status === 404)) throw error;
    });
  }
};
