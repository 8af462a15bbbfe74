import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Fault, NotUnderstood } from './found';
import { accounted, dates, open, sample, zip } from './test-files';

const faultOf = async (file: Blob | string | object) => {
  const error: unknown = await open(file).then(
    () => null,
    (error: unknown) => error,
  );
  return error instanceof NotUnderstood ? error.fault : error;
};

describe('a file that is not understood', () => {
  const loop = readFileSync(new URL('./samples/Loop Habits CSV 2026-11-26.zip', import.meta.url));
  const json = readFileSync(new URL('./samples/Grove_backup.json', import.meta.url), 'utf8');
  const cases: [string, Fault, Blob | string | object][] = [
    ['an empty one', 'empty', ' \n'],
    ['our own export', 'ours', { format: 'hanip', version: 1 }],
    ['a database', 'database', 'SQLite format 3\0…'],
    ['JSON that breaks off', 'brokenJson', json.slice(0, 300)],
    ['JSON of something else', 'otherJson', { bookmarks: [] }],
    ['a list of something else', 'otherJson', [1, 'two', null]],
    ['a zip that breaks off', 'brokenZip', new Blob([loop.subarray(0, 900)])],
    ['a zip of something else', 'otherZip', zip({ 'photo.txt': 'x' })],
    ['a zip with broken JSON', 'brokenJson', zip({ 'habits.json': '{' })],
    ['prose', 'otherText', 'Dear diary,\nno sugar today.\n'],
    ['a table without dates', 'otherText', 'a,b\n1,2\n3,4\n'],
    ['a picture', 'binary', new Blob([new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0xff])])],
    ['one without habits', 'noHabits', { habits: [] }],
    ['a backup without trees', 'noHabits', { trees: [] }],
    ['more than 64 MB', 'tooBig', new Blob([new Uint8Array(64 * 1024 * 1024 + 1)])],
  ];
  it.each(cases)('%s: %s', async (_, fault, file) => expect(await faultOf(file)).toBe(fault));

  it('may have anything in the place of what it should have', async () => {
    const odd = [null, 1, 'x', [], {}, [null], { name: {}, records: 'x', relapses: [null] }];
    for (const value of odd) {
      await open({ trees: [value] });
      expect(['otherJson', null]).toContain(await faultOf({ habits: [value] }));
      await open({ habits: [{ name: value, completions: value }] });
      await open({ habits: [{ name: value, records: [value] }] });
      await open({ habits: [{ name: value, type: 1, start_date: value, records: value }] });
    }
  });
});

it('lands or tells each day of 50 MB', async () => {
  const comment = '"오늘은 조금 힘들었지만, 물을 마셨어요. "'.padEnd(340, '.');
  const days = dates('2014-01-01', 4_000);
  const rows: string[] = [];
  for (let habit = 0; habit < 26; habit += 1) {
    for (const date of days)
      rows.push(`음식 ${habit},,C,${date},1,"${comment.replaceAll('"', '""')}"`);
  }
  const header = 'HabitName,HabitDescription,HabitCategory,CalendarDate,Value,CommentText';
  const file = new Blob([[header, ...rows].join('\n')]);
  expect(file.size).toBeGreaterThan(40_000_000);
  expect(file.size).toBeLessThan(64_000_000);
  expect(accounted(await open(file))).toBe(104_000);
}, 60_000);

it('reads a sample as what it is, whatever its name', async () => {
  expect((await open(sample('Grove_backup.json'))).app).toBe('grove');
});
