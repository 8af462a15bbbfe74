/** The badges by the API's rules, to show them before it has answered. */
import { addDays } from '../dates/dates';
import type { Food, Streak } from '../api/types';

const FIRST = [1, 3, 7, 14, 21, 30, 50, 66, 100, 200];

/** Every number of days that brings a badge, up to the first one above `run`. */
function steps(run: number, goal: number | null): number[] {
  const years = Array.from({ length: Math.floor(run / 365) + 1 }, (_, i) => (i + 1) * 365);
  const all = new Set([...FIRST, ...years, ...(goal ? [goal] : [])]);
  return [...all].sort((a, b) => a - b);
}

export const reachedMilestones = (
  run: number,
  goal: number | null,
  from: string,
): Streak['milestones'] =>
  steps(run, goal)
    .filter((days) => days <= run)
    .map((days) => ({ days, reached_on: addDays(from, days - 1) }));

/**
 * How far a run has come from the last badge to the next one, from 0 to 1. On the day of a badge the
 * way to it is done.
 */
export function progressOf(run: number, next: number, goal: number | null): number {
  const from = steps(run, goal).findLast((days) => days <= run) ?? 0;
  return from && from === run ? 1 : (run - from) / (next - from);
}

/** The next badge and its date. An open day counts towards it. */
export function nextMilestone(run: number, food: Food, streak: Pick<Streak, 'as_of' | 'today'>) {
  const days = steps(run, food.goal_days).find((days) => days > run)!;
  const remaining = days - run;
  const on = addDays(streak.as_of, remaining - (streak.today === 'open' ? 1 : 0));
  return { days, remaining, on };
}
