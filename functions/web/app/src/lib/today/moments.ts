/** The badges that somebody has reached just now, and has not put away yet. */
import { addDays } from '../dates/dates';
import { read, write } from '../ui/storage';
import type { Food, Today } from '../api/types';

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

const DAY = 86_400_000;

/** Of each food the highest badge of today or yesterday: in silence a day counts when it is over. */
export function momentsOf(
  { foods, as_of, next_day_at }: Pick<Today, 'foods' | 'as_of' | 'next_day_at'>,
  seen: string[],
): Moment[] {
  const yesterday = addDays(as_of, -1);
  const began = Date.parse(next_day_at) - DAY;
  const found = foods.flatMap(({ food, streak, waiting }): Moment[] => {
    if (waiting || streak.today === 'slipped') return [];
    const fresh = streak.milestones.filter(
      // What was reached before the food was added here is no news.
      ({ reached_on: on }) =>
        on === as_of || (on === yesterday && Date.parse(food.created_at) < began),
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
