/** One way to call the API: same origin, JSON, the app's language, problems as exceptions. */
import { hearFrom } from './clock';
import type { Body, Known, Method, Value } from './paths';
import type { FieldError, ProblemBody } from './types';

/** An error answer of the API (RFC 9457); its message is the `detail`, in the app's language. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: FieldError[] = [],
  ) {
    super(detail);
  }

  /** The message for one field of the body, such as `/name`, or for a parameter, such as `date`. */
  at(place: string): string | undefined {
    return this.errors.find(({ pointer, parameter }) => (pointer ?? parameter) === place)?.detail;
  }
}

/**
 * Timeout, network error, or an answer 429, 502, 503 or 504: a retry is worth it. The message, if
 * there is one, says why and when, for callers that don't retry.
 */
export class Unavailable extends Error {
  constructor(
    message = '',
    readonly code = '',
  ) {
    super(message);
  }
}

export interface Answer<T> {
  value: T;
  etag: string | null;
}

interface Options<Body> {
  body?: Body;
  headers?: Record<string, string>;
  /** How long an answer may take, in milliseconds. */
  patience?: number;
}

/** Set by other modules: the language of answers, the account that writes are for, what to do when signed out or offline. */
export const context = {
  locale: 'ko',
  account: null as string | null,
  signedOut: () => {},
  otherAccount: () => {},
  away: () => {},
};

// In milliseconds. A function that was scaled to zero may take seconds to start.
const PATIENCE = 30_000;

export async function call<M extends Method, Path extends string>(
  method: M,
  path: Known<M, Path>,
  { body, headers = {}, patience = PATIENCE }: Options<Body<M, Path>> = {},
): Promise<Answer<Value<M, Path>>> {
  const response = await send(method, path, body, headers, patience);
  hearFrom(response);
  if (response.ok) {
    const value: unknown = response.status === 204 ? undefined : await response.json().catch(later);
    return { value: value as Value<M, Path>, etag: response.headers.get('ETag') };
  }
  const says = response.headers.get('Content-Type') ?? '';
  // Not from the API: a proxy's error page, or a captive portal.
  if (!says.startsWith('application/problem+json')) throw new Unavailable();
  const problem = await readProblem(response);
  if ([429, 502, 503, 504].includes(response.status)) {
    // The text of `unavailable` promises a retry, which not every caller makes.
    const own = !['unavailable', 'unknown'].includes(problem.code);
    throw new Unavailable(own ? problem.message : '', problem.code);
  }
  if (problem.code === 'other-account') context.otherAccount();
  if (response.status === 401) context.signedOut();
  throw problem;
}

/** Half an emoji, as some keyboards and cuts leave it, is no text: the API could not read the request. */
const wellFormed = (_: string, value: unknown) =>
  typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '') : value;

async function send(
  method: string,
  path: string,
  body: unknown,
  extra: Record<string, string>,
  patience: number,
): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json, application/problem+json',
    'Accept-Language': context.locale,
    ...extra,
  };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  // Another tab may have signed in as somebody else. The API refuses a write for another account.
  if (method !== 'GET' && context.account) headers['Hanip-Account'] ??= context.account;
  return fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body, wellFormed),
    credentials: 'same-origin',
    cache: 'no-store',
    signal: timeout(patience),
  }).catch(later);
}

function timeout(milliseconds: number): AbortSignal {
  // Browsers before 2022 lack it.
  if ('timeout' in AbortSignal) return AbortSignal.timeout(milliseconds);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as Partial<ProblemBody>;
  const detail = body.detail ?? body.title ?? `${response.status}`;
  return new Problem(response.status, body.code ?? 'unknown', detail, body.errors ?? []);
}

function later(): never {
  throw new Unavailable();
}
