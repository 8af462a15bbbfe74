import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Loop } from './loop';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // no jitter
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('runs once more if asked while it runs, and never twice at once', async () => {
  const ends: (() => void)[] = [];
  const job = vi.fn(() => new Promise<boolean>((resolve) => ends.push(() => resolve(true))));
  const loop = new Loop(job);
  const running = loop.run();
  void loop.run();
  void loop.run();
  expect(job).toHaveBeenCalledTimes(1);
  ends[0]!();
  await vi.advanceTimersByTimeAsync(0);
  expect(job).toHaveBeenCalledTimes(2);
  ends[1]!();
  await running;
  expect(job).toHaveBeenCalledTimes(2);
});

it('tries again after a pause that doubles, up to a minute', async () => {
  const job = vi.fn(() => Promise.resolve(false));
  const loop = new Loop(job);
  await loop.run();
  for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
    job.mockClear();
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(job).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(job).toHaveBeenCalledTimes(1);
  }
  loop.resetPause();
  await loop.run();
  job.mockClear();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(job).toHaveBeenCalledTimes(1);
});
