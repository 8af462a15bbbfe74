/** The rows of a CSV file. */
import Papa from 'papaparse';

/** Where no delimiter is named, it is the one that the file seems to have. Lines without a text are left out. */
export const rowsOf = (text: string, delimiter = ''): string[][] =>
  Papa.parse<string[]>(text, { delimiter, skipEmptyLines: 'greedy' }).data;

/** Reads rows by the names of their columns, which the first row has. */
export function byColumn([header = [], ...rows]: string[][]): ((column: string) => string)[] {
  const index = new Map(header.map((name, i) => [name.trim(), i]));
  return rows.map((row) => (column) => row[index.get(column) ?? -1] ?? '');
}
