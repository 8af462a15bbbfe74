import { expect, it } from 'vitest';
import { daysOf, leftOf, open, sample } from './test-files';

it('reads relapses as slips, with time and reason', async () => {
  const { app, habits } = await open(sample('Grove_backup.json'));
  expect(app).toBe('grove');
  expect(habits[0]).toMatchObject({ name: 'Sugar', color: '#4e8b5f', start: '2026-08-03' });
  expect(daysOf(habits[0])).toEqual([
    '2026-09-23 slipped 18:00',
    '2026-11-24 slipped 22:30/birthday cake',
  ]);
});

const tree = (fields: object) =>
  open({ trees: [{ name: '술', ...fields }] }, { dayStart: '04:00' });

it('gives a slip after midnight to the evening before, as the account counts its days', async () => {
  const relapses = [{ timestamp: '2026-11-24T01:30:00.000' }, { timestamp: '2026-11-24T04:00:00' }];
  const { habits } = await tree({ mode: 0, startDate: '2026-11-25T00:00:00', relapses });
  expect(daysOf(habits[0])).toEqual(['2026-11-23 slipped 01:30', '2026-11-24 slipped 04:00']);
});

it('reads check-ins, days excused, and notes', async () => {
  const { habits } = await tree({
    mode: 1,
    checkInDays: ['2026-11-20', '2026-11-21T00:00:00.000'],
    nullDays: ['2026-11-22'],
    checkInNotes: { '2026-11-21': 'easy', '2026-11-23': 'hard' },
    relapses: [],
  });
  expect(daysOf(habits[0])).toEqual([
    '2026-11-20 yes',
    '2026-11-21 yes “easy”',
    '2026-11-22 skipped',
    '2026-11-23 “hard”',
  ]);
});

it('takes a slip over a check-in or an excuse on the same day, with its time and reason', async () => {
  const { habits } = await tree({
    mode: 1,
    checkInDays: ['2026-11-20', '2026-11-21'],
    nullDays: ['2026-11-22'],
    relapses: [
      { timestamp: '2026-11-21T22:30:00', reason: 'birthday' },
      { timestamp: '2026-11-22T12:00:00' },
    ],
  });
  expect(daysOf(habits[0])).toEqual([
    '2026-11-20 yes',
    '2026-11-21 slipped 22:30/birthday',
    '2026-11-22 slipped 12:00',
  ]);
  expect(leftOf(habits[0]!)).toEqual(['twice 2']);
});

it('tells of more slips on a day than fit', async () => {
  const relapses = Array.from({ length: 53 }, () => ({ timestamp: '2026-11-24T12:00:00' }));
  const { habits } = await tree({ mode: 0, relapses });
  expect(habits[0]!.days.get('2026-11-24')!.bites).toHaveLength(50);
  expect(leftOf(habits[0]!)).toEqual(['bites 3']);
});
