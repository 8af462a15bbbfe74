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
}

let last: Shown | null = null;

export function remember(shown: Shown) {
  last = shown;
}

export const recall = (account: string, query: string): Shown | null =>
  last?.account === account && last.query === query ? last : null;

/** The way back to where somebody was in the history: `at` is the date to show. */
export function wayBack(account: string, at: string): string {
  const query = new URLSearchParams(last?.account === account ? last.query : '');
  query.set('at', at);
  return `/history?${query}`;
}
