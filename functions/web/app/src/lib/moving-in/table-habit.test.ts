import { expect, it } from 'vitest';
import { daysOf, leftOf, open } from './test-files';

const day = (date: string) => Date.parse(`${date}T00:00Z`) / 86_400_000;
const record = (date: string, record_value: number, record_type = 1, reason?: string) => ({
  record_date: day(date),
  record_type,
  record_value,
  reason,
});

it('reads habits to do, habits to stay below, days off and what was deleted', async () => {
  const { app, habits, left } = await open({
    habits: [
      {
        name: '채소',
        type: 1,
        status: 1,
        daily_goal: 2,
        start_date: day('2026-11-01'),
        records: [
          record('2026-11-20', 2),
          record('2026-11-21', 1, 1, 'ran out'),
          record('2026-11-22', 0, 2),
          record('2026-11-23', 0, 0),
        ],
      },
      {
        name: 'Beer',
        type: 2,
        status: 3,
        daily_goal: 1,
        daily_goal_unit: 'glasses',
        custom_color: 4283337567,
        start_date: day('2026-11-01'),
        records: [record('2026-11-20', 1), record('2026-11-21', 3)],
      },
      { name: 'Old', type: 1, status: 2, start_date: day('2020-01-01'), records: [] },
    ],
  });
  expect(app).toBe('tableHabit');
  expect(
    habits.map(({ name, marks, archived, start, color }) => [name, marks, archived, start, color]),
  ).toEqual([
    ['채소', 'kept', false, '2026-11-01', null],
    ['Beer', 'slipped', true, '2026-11-01', '#4e8b5f'],
  ]);
  expect(daysOf(habits[0])).toEqual([
    '2026-11-20 yes 2',
    '2026-11-21 no “ran out”',
    '2026-11-22 skipped',
  ]);
  expect(leftOf(habits[0]!)).toEqual(['empty 1']);
  expect(daysOf(habits[1])).toEqual(['2026-11-20 no', '2026-11-21 yes 3 glasses']);
  expect(left).toEqual([{ why: 'deleted', count: 1, examples: ['Old'] }]);
});
