/** Says of several foods on several dates what they were: a write a date, and one undo of them all. */
import * as diary from '../api/diary';
import { Unavailable } from '../api/http';
import type { Outcome, Review } from '../api/types';
import { toFields } from '../outbox/fields';
import { outbox, type Written } from '../outbox/outbox.svelte';
import { changeReview } from '../outbox/write';
import { overlayDay } from '../today/day';

/** As many as one range of days off can have. */
export const MOST_DATES = 92;
/** As many reviews as one answer can hold. */
const PAGE = 100;

export interface Cell {
  date: string;
  food: string;
  slipped: boolean;
}

export interface Marked {
  marked: number;
  /** Cells with slips: only who wrote them takes them back, one by one. */
  left: number;
  undo: () => Promise<void>;
}

/** What is recorded on the dates; null without a network. */
async function reviewsOf(from: string, to: string): Promise<Map<string, Review> | null> {
  const found = new Map<string, Review>();
  let cursor: string | null | undefined;
  try {
    do {
      const query = new URLSearchParams({ from, to, limit: `${PAGE}`, ...(cursor && { cursor }) });
      const page = await diary.reviews(query);
      for (const review of page.reviews) found.set(review.date, review);
      cursor = page.next_cursor;
    } while (cursor);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return null;
  }
  return found;
}

/** Records `outcome` for the cells, or takes back what was said of them. */
export async function mark(cells: Cell[], outcome: Outcome | null): Promise<Marked> {
  const dates = [...new Set(cells.map(({ date }) => date))].sort();
  const reviews = await reviewsOf(dates[0]!, dates.at(-1)!);
  const written: Written[] = [];
  let [marked, left] = [0, 0];
  for (const date of dates) {
    const review = overlayDay(date, reviews?.get(date) ?? null, outbox.shown);
    const seen = toFields(review);
    const eaten = new Set(review?.slips.map(({ food_id }) => food_id));
    const ofDate = cells.filter((cell) => cell.date === date);
    const free = ofDate.filter(({ food, slipped }) => (reviews ? !eaten.has(food) : !slipped));
    left += ofDate.length - free.length;
    const names = free.map(({ food }) => `${food}.outcome`);
    const changed = names.filter((name) => (seen[name] ?? null) !== outcome);
    marked += changed.length;
    if (!changed.length) continue;
    const change = Object.fromEntries(changed.map((name) => [name, outcome]));
    written.push(await outbox.add(changeReview(date, change, seen)));
  }
  const undo = async () => {
    for (const one of [...written].reverse()) await one.undo();
  };
  return { marked, left, undo };
}
