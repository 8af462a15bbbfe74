import { describe, expect, it } from 'vitest';
import { type Choice, archiveOf, choiceOf, resultOf } from './archive';
import { open, sample } from './test-files';

const TODAY = '2026-11-27';
let ids = 0;
const making = { today: TODAY, now: '2026-11-27T03:00:00.000Z', id: () => `id-${(ids += 1)}` };

async function choices(file: Blob | string | object, change: Partial<Choice> = {}) {
  const { habits } = await open(file);
  return habits.map((habit) => ({ ...choiceOf(habit), ...change }));
}
const loop = () => choices(sample('Loop Habits CSV 2026-11-26.zip'));
/** `2026-11-25 kept “note”` of one food. */
const recorded = (choice: Choice) => {
  const { outcomes, slips } = archiveOf([choice], making);
  return [
    ...outcomes.map(({ date, outcome, note }) => [date, outcome, note && `“${note}”`]),
    ...slips.map(({ date, time, amount, note }) => [
      date,
      'slip',
      time,
      amount,
      note && `“${note}”`,
    ]),
  ].map((parts) => parts.filter(Boolean).join(' '));
};

describe('what was chosen', () => {
  it('becomes days kept where a habit is to quit', async () => {
    const [sugar] = await loop();
    expect(recorded(sugar!)).toEqual([
      '2026-11-22 kept',
      '2026-11-23 skipped',
      '2026-11-24 slipped “birthday cake, two pieces”',
      '2026-11-25 kept',
    ]);
    expect(archiveOf([sugar!], making).foods[0]).toMatchObject({
      name: 'No sugar',
      start_date: '2026-11-22',
      counting: 'confirm',
      archived_on: null,
    });
  });

  it('becomes slips with amounts where what is eaten is counted', async () => {
    const [, , cola] = await loop();
    expect(recorded(cola!)).toEqual([
      '2026-11-24 “party”',
      '2026-11-25 kept',
      '2026-11-24 slip 2 cans',
    ]);
    expect(archiveOf([cola!], making).foods[0]).toMatchObject({
      counting: 'assume',
      archived_on: '2026-11-25',
    });
  });

  it('means the other thing if the person says so', async () => {
    const [sugar] = await loop();
    expect(recorded({ ...sugar!, marks: 'slipped' })).toEqual([
      '2026-11-23 skipped',
      '2026-11-24 kept “birthday cake, two pieces”',
      '2026-11-25 slipped',
    ]);
    expect(recorded({ ...sugar!, no: 'nothing' })).toContain(
      '2026-11-24 “birthday cake, two pieces”',
    );
  });

  it('keeps slips with their times and reasons, from the earliest of all dates on', async () => {
    const file = {
      trees: [
        {
          name: 'Sugar',
          mode: 0,
          startDate: '2026-11-20T00:00:00',
          relapses: [
            { timestamp: '2026-11-10T22:30:00', reason: 'cake' },
            { timestamp: '2026-11-10T23:00:00', reason: '' },
          ],
        },
      ],
    };
    const [sugar] = await choices(file);
    expect(recorded(sugar!)).toEqual(['2026-11-10 slip 22:30 “cake”', '2026-11-10 slip 23:00']);
    expect(archiveOf([sugar!], making).foods[0]!.start_date).toBe('2026-11-10');
  });

  it('holds nothing but what was chosen, each with ids of its own', async () => {
    const [, ramen] = await loop();
    const once = archiveOf([ramen!], making);
    const twice = archiveOf([ramen!], making);
    expect(once.foods.map(({ name }) => name)).toEqual(['라면 안 먹기']);
    expect(JSON.stringify(once)).not.toContain('sugar');
    expect(once.foods[0]!.id).not.toBe(twice.foods[0]!.id);
    expect(once.outcomes.every(({ food_id }) => food_id === once.foods[0]!.id)).toBe(true);
  });

  it('starts today where nothing is recorded', async () => {
    const [empty] = await choices({ habits: [{ name: 'Tea', records: [] }] });
    expect(archiveOf([empty!], making)).toMatchObject({
      foods: [{ start_date: TODAY }],
      outcomes: [],
      slips: [],
    });
  });

  it('has no text that the API would refuse', async () => {
    const note = `${'가'.repeat(499)}😀😀\u0000\u202e`;
    const records = [
      { day: '2026-11-20', done: true, text: note },
      { day: '2026-11-21', done: false, text: ' \u3164 ' },
      { day: '2026-11-22', done: true, text: 'a\tb\r\nc' },
    ];
    const [habit] = await choices({ habits: [{ name: '\u202eSugar\n', records }] });
    expect(recorded(habit!)).toEqual([
      `2026-11-20 kept “${'가'.repeat(499)}😀”`,
      '2026-11-22 kept “a b\nc”',
    ]);
    expect(habit!.habit.left).toEqual([{ why: 'longNote', count: 1, examples: [] }]);
    expect(habit!.name).toBe('Sugar');
  });
});

it('tells both results before one is chosen', async () => {
  const [sugar] = await loop();
  const span = { from: '2026-11-22', to: '2026-11-25' };
  expect(resultOf(sugar!, TODAY)).toEqual({ ...span, kept: 2, slipped: 1, skipped: 1, silent: 1 });
  expect(resultOf({ ...sugar!, marks: 'slipped' }, TODAY)).toEqual({
    ...span,
    kept: 1,
    slipped: 1,
    skipped: 1,
    silent: 2,
  });
});
