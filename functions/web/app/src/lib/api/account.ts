/** The calls of the account pages. They go straight to the API: nothing of them waits in the queue. */
import { call } from './http';

export interface OpenSession {
  id: string;
  created_at: string;
  last_used_at: string;
  /** Whether it is this one. */
  current: boolean;
  user_agent: string | null;
}

export type Scope = 'read' | 'write';

export interface Token {
  id: string;
  name: string;
  scope: Scope;
  created_at: string;
  last_used_at: string | null;
}

export interface Identity {
  id: string;
  /** Null where it is not configured any more. */
  provider: string | null;
  issuer: string;
  created_at: string;
}

interface Counts {
  foods: number;
  reviews: number;
  outcomes: number;
  slips: number;
  skips: number;
}
export type Imported = { added: Counts; kept: Counts };

const get = async <T>(path: string) => (await call<T>('GET', path)).value;
const remove = (path: string) => call<void>('DELETE', path);

export const deleteMe = () => remove('/api/auth/me');

export const sessions = async () =>
  (await get<{ sessions: OpenSession[] }>('/api/auth/sessions')).sessions;
export const endSession = (id: string) => remove(`/api/auth/sessions/${id}`);

export const tokens = async () => (await get<{ tokens: Token[] }>('/api/auth/tokens')).tokens;
export const makeToken = async (name: string, scope: Scope) =>
  (await call<Token & { token: string }>('POST', '/api/auth/tokens', { body: { name, scope } }))
    .value;
export const endToken = (id: string) => remove(`/api/auth/tokens/${id}`);

export const identities = async () =>
  (await get<{ identities: Identity[] }>('/api/auth/identities')).identities;
export const unlink = (id: string) => remove(`/api/auth/identities/${id}`);
/** Where the browser has to go to link an identity at this provider. */
export const link = async (provider: string, returnTo: string) => {
  const path = `/api/auth/${provider}/link?${new URLSearchParams({ return_to: returnTo })}`;
  return (await call<{ location: string }>('POST', path)).value.location;
};

/** As long as the edge waits: years of records on a slow line take minutes to upload. */
const IMPORT_PATIENCE = 330_000;
export const importFile = async (body: unknown) =>
  (await call<Imported>('POST', '/api/data/import', { body, patience: IMPORT_PATIENCE })).value;
