import { expect, it, vi } from 'vitest';
import { importFile } from './account';
import { call } from './http';

it('waits for an import as long as the API does', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout');
  vi.stubGlobal('fetch', async () => Response.json({}));
  await call('GET', '/api/streaks/today');
  await importFile({});
  expect(timeout.mock.calls).toEqual([[30_000], [330_000]]);
});
