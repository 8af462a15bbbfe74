import { expect, it } from 'vitest';
import { daysOf, leftOf, open, sample } from './test-files';

it('reads the JSON of Beaver: done, a day off as a tag, a note alone', async () => {
  const { app, habits } = await open(sample('beaverhabits_2026_11_26.json'));
  expect(app).toBe('beaver');
  expect(habits.map(({ name, archived }) => [name, archived])).toEqual([
    ['No sugar', false],
    ['라면 안 먹기', true],
  ]);
  expect(daysOf(habits[0])).toEqual([
    '2026-11-23 skipped',
    '2026-11-24 no “birthday cake”',
    '2026-11-25 yes',
  ]);
  expect(habits[0]!.no).toBe('nothing');
  expect(habits[1]!.days.size).toBe(0);
});

it('reads its CSV as a table', async () => {
  const { app, habits } = await open(sample('beaver-import.csv'));
  expect(app).toBe('sheet');
  expect(habits.map(({ name }) => name)).toEqual(['No sugar', '라면 안 먹기']);
  expect(daysOf(habits[0])).toEqual(['2026-11-25 yes']);
  expect(daysOf(habits[1])).toEqual(['2026-11-24 yes']);
  expect(leftOf(habits[0]!)).toEqual(['empty 1']);
});

it('leaves out what was deleted there, and days that are no dates or too late', async () => {
  const records = [
    { day: '2026-13-01', done: true },
    { day: '2026-11-28', done: true },
    { day: '1999-12-31', done: true },
    { day: '2000-01-01', done: true },
  ];
  const { habits, left } = await open({
    habits: [
      { name: 'Sugar', records },
      { name: 'Old', status: 'soft_delete', records: [] },
    ],
  });
  expect(left).toEqual([{ why: 'deleted', count: 1, examples: ['Old'] }]);
  expect(daysOf(habits[0])).toEqual(['2000-01-01 yes']);
  expect(habits[0]!.left).toEqual([
    { why: 'date', count: 1, examples: ['2026-13-01'] },
    { why: 'future', count: 1, examples: ['2026-11-28'] },
    { why: 'early', count: 1, examples: ['1999-12-31'] },
  ]);
});
