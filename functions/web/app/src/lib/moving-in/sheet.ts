/** Any table of dates and foods: dates down the side and foods along the top, or the other way round. */
import { type Found, NotUnderstood, type Options } from './found';
import { dateOf, orderOf } from './dates';
import { HabitReader, LeftOut } from './habit-reader';
import { marksIn } from './marks';

/** Whether most of these are dates, so that a few broken ones don't matter. */
const areDates = (cells: string[]) => {
  const written = cells.filter((cell) => cell.trim());
  const dates = written.filter((cell) => dateOf(cell, 'mdy') ?? dateOf(cell, 'dmy'));
  return written.length > 0 && dates.length > written.length / 2;
};

const transposed = (rows: string[][]) => {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return Array.from({ length: width }, (_, i) => rows.map((row) => row[i] ?? ''));
};

/** With the dates in the first column, under a header; null if there are no dates. */
function upright(rows: string[][]): string[][] | null {
  const [header = [], ...rest] = rows;
  if (areDates(rest.map(([date = '']) => date)) && header.length > 1) {
    // Without a header, the first row is a date like the others.
    return areDates(header.slice(0, 1)) ? [header.map(() => ''), ...rows] : rows;
  }
  return areDates(header.slice(1)) && rest.length ? transposed(rows) : null;
}

export function readSheet(rows: string[][], options: Options): Found {
  const sheet = upright(rows);
  if (!sheet) throw new NotUnderstood('otherText');
  const [header = [], ...rest] = sheet;
  const sources = rest.map(([date = '']) => date);
  const order = orderOf(sources);
  const dates = sources.map((source) => dateOf(source, order ?? options.order));
  const readers = header.slice(1).map((name, i) => {
    const cells = rest.map((row) => row[i + 1] ?? '');
    const read = marksIn(cells);
    const reader = new HabitReader({ name }, options);
    cells.forEach((cell, row) => {
      const mark = read(cell);
      const source = sources[row]!;
      if (mark) reader.add(dates[row]!, mark.state, { source, bites: mark.bites });
      else reader.unknown(cell);
    });
    return { name, cells, reader };
  });
  // Some apps end each line with a comma.
  const named = readers.filter(
    ({ name, cells }) => name.trim() || cells.some((cell) => cell.trim()),
  );
  return {
    app: 'sheet',
    habits: named.map(({ reader }) => reader.habit()),
    left: new LeftOut().all(),
    asks: order === null ? ['order'] : [],
  };
}
