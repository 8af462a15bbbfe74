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
