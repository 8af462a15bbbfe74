import { expect, it, vi } from 'vitest';
import { importFile } from './account';
import { call, Problem, Unavailable } from './http';

it('waits for an import as long as the API does', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout');
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({})));
  await call('GET', '/api/streaks/today');
  await importFile({});
  expect(timeout.mock.calls).toEqual([[30_000], [330_000]]);
});

it('passes on why it has to be later, but no promise to try again', async () => {
  const answer = (status: number, problem: object) =>
    vi.stubGlobal('fetch', () => {
      const headers = { 'Content-Type': 'application/problem+json' };
      return Promise.resolve(Response.json(problem, { status, headers }));
    });
  const error = () => call('POST', '/api/auth/local/link').catch((error: unknown) => error);

  answer(429, { code: 'too-many-attempts', detail: 'In a few minutes.' });
  expect(await error()).toEqual(new Unavailable('In a few minutes.', 'too-many-attempts'));
  answer(503, { code: 'unavailable', detail: 'Trying again shortly.' });
  expect(await error()).toEqual(new Unavailable('', 'unavailable'));
  answer(422, { code: 'name-blank', detail: 'Give it a name.' });
  expect(await error()).toBeInstanceOf(Problem);
});

it('sends text without half an emoji in it', async () => {
  const fetch = vi.fn<typeof globalThis.fetch>(() => Promise.resolve(Response.json({})));
  vi.stubGlobal('fetch', fetch);
  await call('PUT', '/api/reviews/2026-03-11', { body: { note: 'a\ud83cb🍜\udf5c' } });
  expect(fetch.mock.calls[0]![1]!.body).toBe('{"note":"ab🍜"}');
});
