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
}

export const recall = (account: string, query: string): Shown | null =>
  last?.account === account && last.query === query ? last : null;

/** From a date back to the history as it was, at that date. */
export function wayBack(account: string, date: string): string {
  const query = new URLSearchParams(last?.account === account ? last.query : '');
  query.set('at', date);
  return `/history?${query.toString()}`;
}
