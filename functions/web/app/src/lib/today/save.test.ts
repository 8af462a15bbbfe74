import { expect, it, vi } from 'vitest';
import type { Draft } from '../drafts/drafts.svelte';

vi.mock('../outbox/outbox.svelte', () => ({ outbox: {} }));
vi.mock('../drafts/drafts.svelte', () => ({ Draft: class {} }));
const { split } = await import('./save');

const slips = (told: string[]) =>
  Object.fromEntries(
    ['ramen', 'soda'].map((food) => [food, { changed: told.includes(food) } as Draft]),
  );

it('makes a slip of what was eaten with a time or a trigger, and an outcome of the rest', () => {
  const change = { 'ramen.outcome': 'slipped', 'soda.outcome': 'slipped', note: 'a party' };
  expect(split(change, slips(['ramen']))).toEqual({
    told: ['ramen'],
    rest: { 'soda.outcome': 'slipped', note: 'a party' },
  });
});

it('makes no slip of a food that was kept after all', () => {
  const change = { 'ramen.outcome': 'kept' };
  expect(split(change, slips(['ramen']))).toEqual({ told: [], rest: change });
});
