/** The days of all foods, as the API tells them in letters, and what is drawn of them. */
import type { CalendarDay, Calendars, Food, Outcome, Status } from '../api/types';
import { addDays, daysBetween } from '../dates/dates';
import type { Item } from '../outbox/item';

/** A food with its days. */
export interface Row {
  food: Food;
  /** The date of the first letter. */
  from: string;
  /** A letter a date. */
  days: string;
  /** The dates with more than one slip. */
  counts: ReadonlyMap<string, number>;
}

const statuses: Record<string, Status> = {
  k: 'kept',
  s: 'slipped',
  d: 'skipped',
  o: 'open',
  m: 'missing',
};
const letters: Record<Status, string> = {
  kept: 'k',
  slipped: 's',
  skipped: 'd',
  open: 'o',
  missing: 'm',
};

/** The foods that have a day in the calendar, in its order. */
export function rowsOf({ foods }: Calendars, known: Food[]): Row[] {
  const byId = new Map(known.map((food) => [food.id, food]));
  return foods.flatMap(({ food_id, from, days, counts }) => {
    const food = byId.get(food_id);
    const several = new Map(counts.map(({ date, slips }) => [date, slips]));
    return food ? [{ food, from, days, counts: several }] : [];
  });
}

/** The status of a date; undefined where the food has none. */
export const statusOn = ({ from, days }: Row, date: string): Status | undefined =>
  statuses[days[daysBetween(from, date)] ?? ''];

/** How many slips a date has. */
export const slipsOn = (row: Row, date: string) =>
  row.counts.get(date) ?? (statusOn(row, date) === 'slipped' ? 1 : 0);

/** How many days have each status. */
export function tally({ days }: Row): Partial<Record<Status, number>> {
  const counts: Partial<Record<Status, number>> = {};
  for (const letter of days) counts[statuses[letter]!] = (counts[statuses[letter]!] ?? 0) + 1;
  return counts;
}

/** The last date on which any of the foods was eaten, and which they were. */
export function lastSlip(rows: Row[]): { date: string; foods: Food[] } | null {
  let last = null as { date: string; foods: Food[] } | null;
  for (const { food, from, days } of rows) {
    const at = days.lastIndexOf('s');
    if (at < 0) continue;
    const date = addDays(from, at);
    if (date === last?.date) last.foods.push(food);
    else if (!last || date > last.date) last = { date, foods: [food] };
  }
  return last;
}

interface Said {
  food: string;
  date: string;
  /** Null where what was said is taken back. */
  status: Outcome | null;
}

/** What writes say of foods on dates, in their order. */
function saidBy(items: Item[]): Said[] {
  const removed = new Set(
    items.filter(({ method }) => method === 'DELETE').map(({ path }) => path),
  );
  return items.flatMap(({ method, path, body, review }) => {
    const said = Object.entries(review?.change ?? {}).flatMap(([name, value]): Said[] => {
      const [food, field] = name.split('.');
      const status = value as Outcome | null;
      return field === 'outcome' ? [{ food: food!, date: review!.date, status }] : [];
    });
    const [, , , date, kind] = path.split('/');
    if (method !== 'PUT' || kind !== 'slips' || removed.has(path)) return said;
    const { food_id: food } = body as { food_id: string };
    return [...said, { food, date: date!, status: 'slipped' }];
  });
}

/** The status of a date of which nothing is said. */
const unsaid = ({ counting }: Pick<Food, 'counting'>, date: string, today: string): Status =>
  date === today ? 'open' : counting === 'assume' ? 'kept' : 'missing';

/** The days of one food with the writes laid over them. */
export function overlayDays(
  days: ReadonlyMap<string, CalendarDay>,
  food: Food,
  items: Item[],
  today: string,
): ReadonlyMap<string, CalendarDay> {
  const laid = new Map(days);
  for (const { food: id, date, status } of saidBy(items)) {
    const day = laid.get(date);
    // A slip is stronger than what is said.
    if (id !== food.id || !day || day.slips) continue;
    laid.set(date, { ...day, status: status ?? unsaid(food, date, today) });
  }
  return laid;
}

/** The rows with the writes laid over them. */
export function overlayRows(rows: Row[], items: Item[], today: string): Row[] {
  if (!items.length) return rows;
  const laid = rows.map((row) => ({ ...row, letters: [...row.days] }));
  const byId = new Map(laid.map((row) => [row.food.id, row]));
  for (const { food, date, status } of saidBy(items)) {
    const row = byId.get(food);
    const at = row ? daysBetween(row.from, date) : -1;
    if (row && at in row.letters) {
      row.letters[at] = letters[status ?? unsaid(row.food, date, today)];
    }
  }
  return laid.map(({ letters, ...row }) => ({ ...row, days: letters.join('') }));
}

/** The size of a cell, in pixels. */
export interface Size {
  width: number;
  height: number;
}
/** One a finger can hit, and one of which a year fits on two screens. */
export const MONTH: Size = { width: 26, height: 36 };
export const YEAR: Size = { width: 5, height: 28 };

/** The mark of a status in a month: each has a shape of its own, so that nobody needs the colour. */
const marks: Record<Status, (x: number) => string> = {
  kept: (x) => `M${x + 7.5} 18.5l4 4 7.5-8.5`,
  slipped: (x) => `M${x + 4.5} 18a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0-17 0`,
  skipped: (x) => `M${x + 10} 12v12M${x + 16} 12v12`,
  missing: (x) => `M${x + 9} 18h8`,
  open: (x) => `M${x + 13} 18h.01`,
};
/** How far down its line is in a year, where each status has a width and dashes of its own. */
const depths: Record<Status, number> = {
  kept: 19,
  slipped: 14,
  skipped: 22,
  missing: 22,
  open: 19,
};

/**
 * One path for each status of a row, whose days begin at the column `first`: a year of 200 foods is drawn by few elements.
 * In a year, days in a row that have the same status are one line.
 */
export function draw(days: string, first: number, size: Size): { status: Status; d: string }[] {
  const paths: Record<string, string> = {};
  const runs = days.matchAll(size === YEAR ? /(.)\1*/g : /./g);
  for (const { 0: run, index } of runs) {
    const [letter, x] = [run[0]!, (first + index) * size.width];
    const status = statuses[letter]!;
    const mark =
      size === YEAR ? `M${x} ${depths[status]}h${run.length * size.width}` : marks[status](x);
    paths[letter] = (paths[letter] ?? '') + mark;
  }
  return Object.entries(paths).map(([letter, d]) => ({ status: statuses[letter]!, d }));
}
