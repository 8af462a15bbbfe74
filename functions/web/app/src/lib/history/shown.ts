/** What the history showed last, so that somebody who comes back to it finds their place. */
import type { Review } from '../api/types';

export interface Shown {
  account: string;
  /** The filter, as the query of the page's address. */
  query: string;
  reviews: Review[];
  cursor: string | null;
  /** How far the page was scrolled, in pixels. */
  scroll: number;
  /** The date that was opened from here. */
  opened?: string;
}

let last: Shown | null = null;

export function remember(shown: Shown) {
  last = shown;
  opened = null;
}

/** A day that was opened from the calendar of all foods. */
export interface Opened {
  account: string;
  /** The address of the calendar, as it was. */
  address: string;
  food: string;
  date: string;
}

let opened: Opened | null = null;

export function rememberOpened(cell: Opened) {
  opened = cell;
}

export const recallOpened = (account: string): Opened | null =>
  opened?.account === account ? opened : null;

export const recall = (account: string, query: string): Shown | null =>
  last?.account === account && last.query === query ? last : null;

/** From a date back to the history, or the calendar of all foods, as it was, at that date. */
export function wayBack(account: string, date: string): string {
  const cell = recallOpened(account);
  if (cell?.date === date) return cell.address;
  const query = new URLSearchParams(last?.account === account ? last.query : '');
  query.set('at', date);
  return `/history?${query.toString()}`;
}
