/** The badges that somebody has reached just now, and has not put away yet. */
import { addDays } from '../dates/dates';
import { read, write } from '../ui/storage';
import type { Entry, Food } from '../api/types';

export interface Moment {
  food: Food;
  days: number;
  /** The date that it was reached on. */
  on: string;
  /** Whether it is the goal that the person set. */
  goal: boolean;
}

/** Names a badge of a food for this device. */
export const keyOf = ({ food, days }: Moment) => `${food.id}:${days}`;

/** Of each food the highest badge of today or yesterday: in silence a day counts when it is over. */
export function momentsOf(foods: Entry[], asOf: string, seen: string[]): Moment[] {
  const since = addDays(asOf, -1);
  const found = foods.flatMap(({ food, streak, waiting }): Moment[] => {
    if (waiting || streak.today === 'slipped') return [];
    const fresh = streak.milestones.filter(
      // What was reached before the food was added here is no news.
      ({ reached_on }) => reached_on >= since && reached_on >= food.created_at.slice(0, 10),
    );
    const highest = fresh.sort((one, other) => other.days - one.days)[0];
    if (!highest) return [];
    const { days, reached_on: on } = highest;
    return [{ food, days, on, goal: days === food.goal_days }];
  });
  return found
    .filter((moment) => !seen.includes(keyOf(moment)))
    .sort((one, other) => Number(other.goal) - Number(one.goal) || other.days - one.days);
}

const KEY = 'hanip.seen-badges';
/** More than anybody reaches in two days. */
const MOST = 500;

export const seenMoments = () => read<string[]>('localStorage', KEY) ?? [];

export const putAway = (moments: Moment[]) =>
  write('localStorage', KEY, [...seenMoments(), ...moments.map(keyOf)].slice(-MOST));
