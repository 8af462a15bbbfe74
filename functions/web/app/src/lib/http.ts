/** One way to call the API: same origin, JSON, the app's language, problems as exceptions. */

export interface FieldError {
  pointer?: string;
  code: string;
  detail: string;
}

/** An answer that says no, as RFC 9457 problem+json; `detail` is in the app's language. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: FieldError[] = [],
  ) {
    super(detail);
  }

  /** The words for one field of the body, such as `/name`. */
  at(pointer: string): string | undefined {
    return this.errors.find((error) => error.pointer === pointer)?.detail;
  }
}

/** No answer, or one that says "later": the same call may be sent again. */
export class Unavailable extends Error {}

export interface Answer<T> {
  value: T;
  etag: string | null;
}

interface Options {
  body?: unknown;
  headers?: Record<string, string>;
}

/** Set by the parts that know: the language, and the account that writes are meant for. */
export const context: { locale: string; account: string | null; signedOut: () => void } = {
  locale: 'ko',
  account: null,
  signedOut: () => {},
};

// A function that was scaled to zero may take seconds to answer first.
const PATIENCE = 30_000;

export async function call<T>(
  method: string,
  path: string,
  { body, headers = {} }: Options = {},
): Promise<Answer<T>> {
  const response = await send(method, path, body, headers);
  if (response.ok) {
    const value = response.status === 204 ? undefined : await response.json().catch(later);
    return { value: value as T, etag: response.headers.get('ETag') };
  }
  if ([429, 502, 503, 504].includes(response.status)) throw new Unavailable();
  const problem = await readProblem(response);
  if (response.status === 401) context.signedOut();
  throw problem;
}

async function send(
  method: string,
  path: string,
  body: unknown,
  extra: Record<string, string>,
): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json, application/problem+json',
    'Accept-Language': context.locale,
    ...extra,
  };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  // Another tab may have signed in as somebody else: a write must not land there.
  if (method !== 'GET' && context.account) headers['Hanip-Account'] = context.account;
  return fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(PATIENCE),
  }).catch(later);
}

async function readProblem(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}));
  const detail = body.detail ?? body.title ?? `${response.status}`;
  return new Problem(response.status, body.code ?? 'unknown', detail, body.errors ?? []);
}

function later(): never {
  throw new Unavailable();
}
