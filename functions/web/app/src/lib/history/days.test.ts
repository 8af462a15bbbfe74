import { expect, it } from 'vitest';
import {
  draw,
  lastSlip,
  MONTH,
  overlayDays,
  overlayRows,
  type Row,
  rowsOf,
  slipsOn,
  statusOn,
  tally,
  YEAR,
} from './days';
import * as write from '../outbox/write';
import type { Item, Write } from '../outbox/item';
import type { CalendarDay, Calendars, Food, Slip } from '../api/types';

const food = (id: string, more: Partial<Food> = {}) =>
  ({ id, name: id, counting: 'assume', ...more }) as Food;
const row = (id: string, from: string, days: string, more: Partial<Food> = {}): Row => ({
  food: food(id, more),
  from,
  days,
  counts: new Map(),
});
const items = (...writes: Write[]) =>
  writes.map((write, seq): Item => ({ ...write, seq, account: 'me' }));

const calendars: Calendars = {
  from: '2026-03-01',
  to: '2026-03-31',
  foods: [
    {
      food_id: 'ramen',
      from: '2026-03-08',
      days: 'ksdo',
      counts: [{ date: '2026-03-09', slips: 2 }],
    },
    { food_id: 'gone', from: '2026-03-01', days: 'k', counts: [] },
  ],
};

it('reads the letters from the first date of each food on', () => {
  const rows = rowsOf(calendars, [food('ramen')]);
  expect(rows.map(({ food }) => food.id)).toEqual(['ramen']);
  const statuses = ['07', '08', '09', '10', '11', '12'].map((day) =>
    statusOn(rows[0]!, `2026-03-${day}`),
  );
  expect(statuses).toEqual([undefined, 'kept', 'slipped', 'skipped', 'open', undefined]);
  expect([slipsOn(rows[0]!, '2026-03-08'), slipsOn(rows[0]!, '2026-03-09')]).toEqual([0, 2]);
  expect(tally(rows[0]!)).toEqual({ kept: 1, slipped: 1, skipped: 1, open: 1 });
});

it('finds where the last slip was, of all foods', () => {
  const rows = [
    row('ramen', '2026-03-01', 'skk'),
    row('soda', '2026-03-01', 'ksk'),
    row('tea', '2026-02-28', 'kkso'),
    row('bread', '2026-03-01', 'kkk'),
  ];
  const { date, foods } = lastSlip(rows)!;
  expect([date, foods.map(({ id }) => id)]).toEqual(['2026-03-02', ['soda', 'tea']]);
  expect(lastSlip([row('bread', '2026-03-01', 'kkk')])).toBeNull();
});

it('shows what waits to be sent as if it were stored', () => {
  const rows = [
    row('ramen', '2026-03-08', 'kko'),
    row('soda', '2026-03-08', 'sko', { counting: 'confirm' }),
  ];
  const today = '2026-03-10';
  const say = (date: string, food_id: string, outcome: 'skipped' | null) =>
    write.changeReview(date, { [`${food_id}.outcome`]: outcome }, {});
  const slip = { id: 'one', date: '2026-03-09', food_id: 'ramen' } as Slip;
  const waiting = items(
    say('2026-03-08', 'ramen', 'skipped'),
    say('2026-03-08', 'soda', null),
    say('2026-03-10', 'soda', null),
    say('2026-03-07', 'soda', 'skipped'),
    write.slip(slip),
    write.review('2026-03-08', { note: 'rain' }, null),
  );
  expect(overlayRows(rows, waiting, today).map(({ days }) => days)).toEqual(['dso', 'mko']);
  expect(overlayRows(rows, [], today)).toBe(rows);
});

it('draws a year of days in as many paths as there are statuses', () => {
  const days = 'k'.repeat(200) + 's' + 'k'.repeat(160) + 'dd' + 'mmo';
  const paths = draw(days, 0, YEAR);
  expect(paths.map(({ status }) => status)).toEqual([
    'kept',
    'slipped',
    'skipped',
    'missing',
    'open',
  ]);
  expect(paths[0]!.d).toBe('M0 19h1000M1005 19h800');
  expect(draw('kk', 3, MONTH)[0]!.d.match(/M/g)).toHaveLength(2);
});

it('lays what waits over the days of one food, but not over a slip', () => {
  const day = (date: string, status: CalendarDay['status'], slips = 0): CalendarDay => ({
    date,
    status,
    slips,
    recorded: true,
  });
  const days = [
    day('2026-03-09', 'slipped', 1),
    day('2026-03-10', 'kept'),
    day('2026-03-11', 'kept'),
  ];
  const said = (outcome: 'kept' | 'slipped' | null) => ({ foods: [{ food_id: 'ramen', outcome }] });
  const writes = items(
    write.review('2026-03-09', said('kept'), null),
    write.review('2026-03-10', said('slipped'), null),
    write.review('2026-03-11', said(null), said('kept')),
    write.review('2026-03-12', said('kept'), null),
  );
  const known = new Map(days.map((day) => [day.date, day]));
  const laid = overlayDays(known, food('ramen'), writes, '2026-03-11');
  expect([...laid.values()].map(({ status }) => status)).toEqual(['slipped', 'slipped', 'open']);
  expect(overlayDays(known, food('sugar'), writes, '2026-03-11')).toEqual(known);
});

it('shows no slip that was taken back before it was sent', () => {
  const known = new Map([['2026-03-10', { date: '2026-03-10', status: 'kept' } as CalendarDay]]);
  const eaten = write.slip({ id: 's1', date: '2026-03-10', food_id: 'ramen' } as Slip);
  const statuses = (...writes: Write[]) =>
    [...overlayDays(known, food('ramen'), items(...writes), '2026-03-11').values()].map(
      ({ status }) => status,
    );
  expect(statuses(eaten)).toEqual(['slipped']);
  expect(statuses(eaten, eaten.undo!())).toEqual(['kept']);
});
