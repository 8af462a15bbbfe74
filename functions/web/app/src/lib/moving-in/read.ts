/** Recognises by its content which app a file is of, and reads it. */
import { isBeaver, readBeaver } from './beaver';
import { rowsOf } from './csv';
import { decode, kindOf, MOST_BYTES, unzip } from './files';
import { type Found, NotUnderstood, type Options } from './found';
import { isGrove, readGrove } from './grove';
import { isHabitBull, readHabitBull } from './habitbull';
import { isHabitica, readHabitica } from './habitica';
import { HABITTROVE_FILES, isHabitTrove, readHabitTrove } from './habittrove';
import { fieldsOf, listOf } from './json';
import { isLoop, LOOP_FILES, readLoop } from './loop';
import { readSheet } from './sheet';
import { isTableHabit, readTableHabit } from './table-habit';

export async function read(file: Blob, options: Options): Promise<Found> {
  if (file.size > MOST_BYTES) throw new NotUnderstood('tooBig');
  const found = readBytes(new Uint8Array(await file.arrayBuffer()), options);
  if (!found.habits.length) throw new NotUnderstood('noHabits');
  return found;
}

function readBytes(bytes: Uint8Array, options: Options): Found {
  const kind = kindOf(bytes);
  if (kind === 'database') throw new NotUnderstood('database');
  if (kind === 'zip') return readZip(bytes, options);
  const text = decode(bytes);
  if (!text.trim()) throw new NotUnderstood('empty');
  return /^\s*[[{]/.test(text) ? readJson(text, null, options) : readRows(rowsOf(text), options);
}

function readZip(bytes: Uint8Array, options: Options): Found {
  const loop = unzip(bytes, LOOP_FILES);
  if (isLoop(loop)) return readLoop(loop, options);
  const files = [...unzip(bytes, HABITTROVE_FILES)];
  const [, habits] = files.find(([path]) => path.endsWith('habits.json')) ?? [];
  const [, settings] = files.find(([path]) => path.endsWith('settings.json')) ?? [];
  if (habits === undefined) throw new NotUnderstood('otherZip');
  return readJson(habits, settings === undefined ? null : parse(settings), options);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotUnderstood('brokenJson');
  }
}

function readJson(text: string, settings: unknown, options: Options): Found {
  const value = parse(text);
  const file = fieldsOf(value);
  if (file.format === 'hanip') throw new NotUnderstood('ours');
  if (isGrove(file)) return readGrove(file, options);
  const habits = listOf(Array.isArray(value) ? value : file.habits).map(fieldsOf);
  if (isTableHabit(habits)) return readTableHabit(habits, options);
  if (isHabitTrove(habits)) return readHabitTrove(habits, settings, options);
  if (isBeaver(habits)) return readBeaver(habits, options);
  throw new NotUnderstood('habits' in file && !habits.length ? 'noHabits' : 'otherJson');
}

function readRows(rows: string[][], options: Options): Found {
  if (isHabitBull(rows)) return readHabitBull(rows, options);
  if (isHabitica(rows)) return readHabitica(rows, options);
  return readSheet(rows, options);
}
