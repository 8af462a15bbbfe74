import { expect, it } from 'vitest';
import { overlaySkips } from './days-off';
import * as write from '../outbox/write';
import type { Item, Write } from '../outbox/item';
import type { Skip } from '../api/types';

const items = (...writes: Write[]) =>
  writes.map((write, seq): Item => ({ ...write, seq, account: 'me' }));
const skip = (id: string, from: string, note: string | null = null): Skip => ({
  id,
  from,
  to: from,
  food_ids: ['ramen'],
  note,
});
const [jeju, busan] = [skip('one', '2026-03-05'), skip('two', '2026-04-05')];

it('has what waits to be sent, the latest first', () => {
  expect(overlaySkips([jeju], items(write.skip(busan)))).toEqual([busan, jeju]);
  const noted = skip('one', '2026-03-05', 'sea');
  expect(overlaySkips([jeju], items(write.skip(noted, jeju)))).toEqual([noted]);
});

it('lacks what is removed, and has again what is taken back', () => {
  const removed = write.removeSkip(jeju);
  expect(overlaySkips([busan, jeju], items(removed))).toEqual([busan]);
  expect(overlaySkips([jeju], items(removed, removed.undo!()))).toEqual([jeju]);
});

it('leaves other writes alone', () => {
  expect(overlaySkips([jeju], items(write.removeFood('one')))).toEqual([jeju]);
});
