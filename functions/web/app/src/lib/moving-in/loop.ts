/** Loop Habit Tracker: "Loop Habits CSV <date>.zip". A folder for each habit, which begins with its number. */
import type { Found, Options, State } from './found';
import { byColumn, rowsOf } from './csv';
import { dateOf } from './dates';
import { HabitReader, LeftOut } from './habit-reader';

const HABITS = /(^|\/)Habits\.csv$/;
/** Of a name in Korean nothing is left in the folder's name but the number. */
const DAYS = /(?:^|\/)(\d+)(?: ([^/]*))?\/Checkmarks\.csv$/;
export const LOOP_FILES = /(^|\/)(Habits|Checkmarks)\.csv$/;

export const isLoop = (files: Map<string, string>) =>
  [...files.keys()].some((path) => HABITS.test(path) || DAYS.test(path));

/** Older versions write numbers. */
const WORDS: Record<string, State | null> = {
  YES_MANUAL: 'yes',
  '2': 'yes',
  YES_AUTO: 'auto',
  '1': 'auto',
  NO: 'no',
  '0': 'no',
  SKIP: 'skipped',
  '3': 'skipped',
  UNKNOWN: null,
  '-1': null,
};
/** The same words where a number is counted, in thousandths of its unit. */
const NUMBERS: Record<string, number> = { NO: 0, YES_AUTO: 1, YES_MANUAL: 2 };

interface About {
  name: string;
  color: string | null;
  archived: boolean;
  numerical: boolean;
  atMost: boolean;
  target: number;
  unit: string;
}

function habitsOf(text: string): Map<number, About> {
  const habits = byColumn(rowsOf(text, ',')).map((cell, i): [number, About] => [
    Number(cell('Position')) || i + 1,
    {
      name: cell('Name') || cell('Question'),
      color: cell('Color'),
      archived: cell('Archived?') === 'true',
      numerical: cell('Type') === 'NUMERICAL',
      atMost: cell('Target Type') === 'AT_MOST',
      target: Number(cell('Target Value')) || 0,
      unit: cell('Unit'),
    },
  ]);
  return new Map(habits);
}

const UNNAMED: Omit<About, 'name'> = {
  color: null,
  archived: false,
  numerical: false,
  atMost: false,
  target: 0,
  unit: '',
};

function readDays(reader: HabitReader, about: About, text: string) {
  for (const [source = '', value = '', note = ''] of rowsOf(text, ',')) {
    if (source === 'Date') continue;
    const date = dateOf(source);
    if (!about.numerical || ['SKIP', 'UNKNOWN', '-1'].includes(value)) {
      const state = WORDS[value];
      if (state === undefined) reader.unknown(value);
      else reader.add(date, state, { source, note });
      continue;
    }
    const number = (NUMBERS[value] ?? Number(value || NaN)) / 1000;
    if (!Number.isFinite(number)) {
      reader.unknown(value);
      continue;
    }
    const { atMost, target, unit } = about;
    const marked = atMost || !target ? number > target : number >= target;
    const amount = `${number} ${unit}`;
    reader.add(date, marked ? 'yes' : 'no', { source, note, bites: marked ? [{ amount }] : [] });
  }
}

export function readLoop(files: Map<string, string>, options: Options): Found {
  const list = [...files].find(([path]) => HABITS.test(path))?.[1] ?? '';
  const habits = habitsOf(list);
  const days = new Map<number, string>();
  for (const [path, text] of files) {
    const [, number, name = ''] = DAYS.exec(path) ?? [];
    if (!number) continue;
    days.set(Number(number), text);
    if (!habits.has(Number(number))) habits.set(Number(number), { name, ...UNNAMED });
  }
  const readers = [...habits].map(([number, about]) => {
    const text = days.get(number) ?? '';
    // Before notes were exported, a day without a mark and one marked as not done were both 0.
    const told = /^Date,Value,Notes/.test(text) || about.numerical;
    const reader = new HabitReader(
      { ...about, marks: about.atMost ? 'slipped' : 'kept', no: told ? 'other' : 'nothing' },
      options,
    );
    readDays(reader, about, text);
    return reader.habit();
  });
  return { app: 'loop', habits: readers, left: new LeftOut().all(), asks: [] };
}
