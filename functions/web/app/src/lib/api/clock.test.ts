import { afterEach, expect, it, vi } from 'vitest';
import { hear, hearFrom, heard, now, serverNow } from './clock';

const NOON = Date.parse('2026-03-11T12:00:00Z');
const HOUR = 3_600_000;
const answer = (date?: string) => new Response(null, { headers: date ? { Date: date } : {} });

afterEach(() => vi.useRealTimers());

it('knows nothing of the server before its first answer', () => {
  hearFrom(answer());
  expect(serverNow()).toBeNull();
});

it.each([
  ['26 hours ahead', 26 * HOUR],
  ['three years behind', -26_280 * HOUR],
  ['right', 0],
])('counts from the answer, by a device that is %s', (_, wrong) => {
  vi.useFakeTimers({ now: NOON + wrong });
  hearFrom(answer('Wed, 11 Mar 2026 12:00:00 GMT'));
  vi.setSystemTime(NOON + wrong + HOUR);
  expect(serverNow()).toBe(NOON + HOUR);
  expect(now()).toBe(NOON + HOUR);
});

it('goes on from what was heard before a reload', () => {
  vi.useFakeTimers({ now: NOON + 26 * HOUR });
  hear({ server: NOON, device: NOON + 25 * HOUR });
  expect(serverNow()).toBe(NOON + HOUR);
});

it('never goes back where the device is set back', () => {
  vi.useFakeTimers({ now: NOON });
  hear({ server: NOON, device: NOON });
  vi.setSystemTime(NOON - HOUR);
  expect(serverNow()).toBe(NOON);
});

it('leaves what it knows where an answer has no date', () => {
  vi.useFakeTimers({ now: NOON });
  hear({ server: NOON, device: NOON });
  hearFrom(answer());
  expect(heard()).toEqual({ server: NOON, device: NOON });
});
