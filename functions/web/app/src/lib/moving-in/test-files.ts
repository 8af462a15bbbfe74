/** Files of other apps, for tests. Those in `samples` are made up. */
import { readFileSync } from 'node:fs';
import { strToU8, zipSync } from 'fflate';
import type { Found, Habit, Options } from './found';
import { read } from './read';

const OPTIONS: Options = {
  today: '2026-11-27',
  zone: 'Asia/Seoul',
  dayStart: '00:00',
  order: 'mdy',
};

export const sample = (name: string) =>
  new Blob([readFileSync(new URL(`./samples/${name}`, import.meta.url))]);

export const zip = (files: Record<string, string>) => {
  const entries = Object.entries(files).map(([path, text]) => [path, strToU8(text)] as const);
  return new Blob([zipSync(Object.fromEntries(entries))]);
};

export const open = (file: Blob | string | object, options: Partial<Options> = {}) => {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  const blob = file instanceof Blob ? file : new Blob([text]);
  return read(blob, { ...OPTIONS, ...options });
};

/** `2026-11-25 yes`, with the note and the slips behind it. */
export const daysOf = (habit: Habit | undefined) =>
  [...(habit?.days ?? [])].map(([date, { state, note, bites }]) => {
    const slips = bites.map((bite) => Object.values(bite).filter(Boolean).join('/'));
    return [date, state, note && `“${note}”`, ...slips].filter(Boolean).join(' ');
  });

/** `mark 2` */
export const leftOf = ({ left }: Pick<Habit, 'left'>) =>
  left.map(({ why, count }) => `${why} ${count}`);

/** How many days landed, and how many entries of the file are said to be left out. */
export const accounted = ({ habits, left }: Found) => {
  const said = [left, ...habits.map((habit) => habit.left)].flat();
  const landed = habits.reduce((sum, { days }) => sum + days.size, 0);
  return landed + said.reduce((sum, { count }) => sum + count, 0);
};

/** Dates on from a first one. */
export const dates = (first: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    new Date(Date.parse(`${first}T00:00Z`) + i * 86_400_000).toISOString().slice(0, 10),
  );
