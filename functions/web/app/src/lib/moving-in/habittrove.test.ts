import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { daysOf, leftOf, open, sample, zip } from './test-files';

const NAME = 'habittrove-habits.json';

it('asks for the time zone of instants, which decides their dates', async () => {
  const seoul = await open(sample(NAME));
  expect([seoul.app, seoul.asks]).toEqual(['habittrove', ['zone']]);
  expect(daysOf(seoul.habits[0])).toEqual(['2026-11-24 yes', '2026-11-25 yes']);
  const newYork = await open(sample(NAME), { zone: 'America/New_York' });
  expect(daysOf(newYork.habits[0])).toEqual(['2026-11-23 yes', '2026-11-25 yes']);
});

it('takes the zone from the settings in the zip of its data', async () => {
  const habits = readFileSync(new URL(`./samples/${NAME}`, import.meta.url), 'utf8');
  const settings = JSON.stringify({ system: { timezone: 'America/New_York' } });
  const file = zip({ 'data/habits.json': habits, 'data/settings.json': settings, 'x.txt': '' });
  const found = await open(file);
  expect(found.asks).toEqual([]);
  expect(daysOf(found.habits[0])).toEqual(['2026-11-23 yes', '2026-11-25 yes']);
});

it('counts the completions of a day, and leaves out tasks', async () => {
  const { habits, left } = await open({
    habits: [
      {
        name: 'No soda',
        targetCompletions: 2,
        completions: ['2026-11-24T01:00:00Z', '2026-11-24T02:00:00Z', '2026-11-25', 'soon'],
      },
      { name: 'Buy milk', isTask: true, completions: [] },
    ],
  });
  expect(daysOf(habits[0])).toEqual(['2026-11-24 yes', '2026-11-25 no']);
  expect(leftOf(habits[0]!)).toEqual(['date 1']);
  expect(left).toEqual([{ why: 'task', count: 1, examples: ['Buy milk'] }]);
});
