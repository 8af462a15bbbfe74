import { expect, it } from 'vitest';
import { daysOf, leftOf, open, sample } from './test-files';

const csv = (rows: string) =>
  open(`HabitName,HabitDescription,HabitCategory,CalendarDate,Value,CommentText\n${rows}`);

it('reads both of its dates', async () => {
  const { app, habits } = await open(sample('HabitBull CSV Data File Export.csv'));
  expect(app).toBe('habitbull');
  expect(daysOf(habits[0])).toEqual(['2026-11-24 yes “text”', '2026-11-25 yes']);
  const { habits: slashes } = await csv('Sugar,,C,4/11/2019,1,\n');
  expect(daysOf(slashes[0]), 'the month comes first').toEqual(['2019-04-11 yes']);
});

it('keeps names apart, numbers, and comments of several lines', async () => {
  const { habits } = await csv(
    '"커피, 진한",,C,2026-11-20,3,\n라면,,C,2026-11-20,0,"a, ""b""\nc"\n"커피, 진한",,C,2026-11-21,1,\n',
  );
  expect(habits.map(({ name }) => name)).toEqual(['커피, 진한', '라면']);
  expect(daysOf(habits[0])).toEqual(['2026-11-20 yes 3', '2026-11-21 yes']);
  expect(daysOf(habits[1])).toEqual(['2026-11-20 no “a, "b"\nc”']);
});

it('tells of days without an answer, of marks that it does not know, and of two for a day', async () => {
  const { habits } = await csv(
    'A,,,12/30/2020,-2150000000,\nA,,,12/31/2020,-2.15E+09,\nA,,,1/1/2021,abc,\nA,,,1/2/2021,1,\nA,,,1/2/2021,0,\nA,,,2021.1.3x,1,\nA,,,never,1,\n',
  );
  expect(daysOf(habits[0])).toEqual(['2021-01-02 no', '2021-01-03 yes']);
  expect(leftOf(habits[0]!)).toEqual(['empty 2', 'mark 1', 'twice 1', 'date 1']);
});
