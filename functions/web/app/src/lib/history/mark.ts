/** Says of several foods on several dates what they were: a write a date, and one undo of them all. */
import { call, Unavailable } from '../api/http';
import type { Counting, Outcome, Review, Status } from '../api/types';
import { type Fields, toFields } from '../outbox/fields';
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
  counting: Counting;
  /** What the person sees there. */
  status: Status;
}

export interface Marked {
  marked: number;
  /** Cells with slips: only who wrote them takes them back, one by one. */
  left: number;
  /** Cells of which something else is recorded than they showed: another device did that. */
  elsewhere: number;
  undo: () => Promise<void>;
}

/** What is recorded on the dates; null without a network. */
async function reviewsOf(from: string, to: string): Promise<Map<string, Review> | null> {
  const found = new Map<string, Review>();
  let cursor: string | null | undefined;
  try {
    do {
      const query = new URLSearchParams({ from, to, limit: `${PAGE}`, ...(cursor && { cursor }) });
      // Not what was answered last: it may be older than what the cells show.
      const { value: page } = await call('GET', `/api/reviews?${query.toString()}`);
      for (const review of page.reviews) found.set(review.date, review);
      cursor = page.next_cursor;
    } while (cursor);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return null;
  }
  return found;
}

/**
 * What may be recorded where a cell shows this. Of a day off, and of a day that counts as kept by
 * itself, nothing need be: an undo writes the first all the same, since a record must not be lost.
 */
function recordedAs({ status, counting }: Cell): (Outcome | null)[] {
  if (status === 'open' || status === 'missing') return [null];
  const silent = status === 'skipped' || (status === 'kept' && counting === 'assume');
  return silent ? [status, null] : [status];
}

/** Records `outcome` for the cells, or takes back what was said of them. */
export async function mark(cells: Cell[], outcome: Outcome | null): Promise<Marked> {
  const dates = [...new Set(cells.map(({ date }) => date))].sort();
  const reviews = await reviewsOf(dates[0]!, dates.at(-1)!);
  const written: Written[] = [];
  let [marked, left, elsewhere] = [0, 0, 0];
  for (const date of dates) {
    const review = overlayDay(date, reviews?.get(date) ?? null, outbox.shown);
    const stored = toFields(review);
    const eaten = new Set(review?.slips.map(({ food_id }) => food_id));
    const change: Fields = {};
    const seen: Fields = {};
    const orSeen: Fields = {};
    for (const cell of cells.filter((cell) => cell.date === date)) {
      const name = `${cell.food}.outcome`;
      const recorded = recordedAs(cell);
      if (reviews) {
        const now = (stored[name] ?? null) as Outcome | null;
        if (eaten.has(cell.food)) left += 1;
        else if (now === outcome) continue;
        else if (!recorded.includes(now)) elsewhere += 1;
        else [change[name], seen[name]] = [outcome, now];
        continue;
      }
      // Without a network, what is shown is all that is known.
      if (cell.status === 'slipped') left += 1;
      else if (recorded.some((one) => one !== outcome)) {
        [change[name], seen[name]] = [outcome, recorded[0]!];
        if (recorded.length > 1) orSeen[name] = null;
      }
    }
    const count = Object.keys(change).length;
    marked += count;
    if (count) written.push(await outbox.add(changeReview(date, change, seen, orSeen)));
  }
  const undo = async () => {
    for (const one of [...written].reverse()) await one.undo();
  };
  return { marked, left, elsewhere, undo };
}
