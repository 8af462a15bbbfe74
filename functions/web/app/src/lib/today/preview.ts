/**
 * Made-up records for the preview, and their counts: no account, no network, nothing stored. The
 * rules are those of the API for foods whose silence counts as kept.
 */
import { addDays, daysBetween } from '../dates/dates';
import { monthOf, weekday } from '../dates/months';
import { nextMilestone, reachedMilestones } from './milestones';
import type { CalendarDay, Food, Outcome, Slip, Stats, Status, Streak } from '../api/types';

export interface Sample {
  food: Food;
  /** How many days ago, and what was said about it. */
  slips: ({ ago: number } & Partial<Pick<Slip, 'time' | 'trigger'>>)[];
}

const food = (id: string, change: Partial<Food>): Food => ({
  id,
  name: '',
  icon: null,
  color: null,
  start_date: '',
  counting: 'assume',
  goal_days: null,
  motivation: null,
  price_per_day: null,
  currency: null,
  position: 0,
  archived_on: null,
  created_at: '',
  updated_at: '',
  ...change,
});

export const samples = (today: string): Sample[] => [
  {
    food: food('soda', {
      icon: '🥤',
      color: '#4a7fd1',
      start_date: addDays(today, -46),
      price_per_day: '1500',
    }),
    slips: [
      { ago: 38, time: '15:20', trigger: 'tired' },
      { ago: 31, time: '21:40', trigger: 'with_people' },
      { ago: 24, time: '15:05', trigger: 'tired' },
      { ago: 12, trigger: 'celebration' },
    ],
  },
  {
    food: food('ramen', { icon: '🍜', color: '#e8813a', start_date: addDays(today, -9) }),
    slips: [{ ago: 3, time: '23:10', trigger: 'hungry' }],
  },
];

/** Every day from the start to today, today as `outcome` says. */
export function daysOf({ food, slips }: Sample, today: string, outcome: Outcome | null) {
  const statusOf = (date: string, count: number): Status => {
    if (count > 0) return 'slipped';
    return date < today ? 'kept' : (outcome ?? 'open');
  };
  const days: CalendarDay[] = [];
  for (let date = food.start_date; date <= today; date = addDays(date, 1)) {
    const count = slips.filter(({ ago }) => addDays(today, -ago) === date).length;
    days.push({ date, status: statusOf(date, count), recorded: count > 0, slips: count });
  }
  return days;
}

function runsOf(days: CalendarDay[]): Stats['runs'] {
  const runs: Stats['runs'] = [];
  for (const { date, status } of days) {
    const open = runs.at(-1)?.ended_by === null ? runs.at(-1) : undefined;
    if (status === 'kept' && open) Object.assign(open, { to: date, days: open.days + 1 });
    else if (status === 'kept') runs.push({ from: date, to: date, days: 1, ended_by: null });
    else if (status === 'slipped' && open) open.ended_by = 'slipped';
  }
  return runs;
}

/** Each badge once, from the first run that was long enough. */
function milestonesOf(runs: Stats['runs'], goal: number | null): Streak['milestones'] {
  let longest = 0;
  return runs.flatMap(({ from, days }) => {
    const before = longest;
    longest = Math.max(longest, days);
    return reachedMilestones(days, goal, from).filter((badge) => badge.days > before);
  });
}

const count = (days: CalendarDay[], wanted: Status) =>
  days.filter(({ status }) => status === wanted).length;

export function streakOf({ food }: Sample, days: CalendarDay[]): Streak {
  const { date: as_of, status: today } = days.at(-1)!;
  const runs = runsOf(days);
  const current = runs.at(-1)?.ended_by === null ? runs.at(-1)!.days : 0;
  const longest = Math.max(0, ...runs.map((run) => run.days));
  const [kept, slipped] = [count(days, 'kept'), count(days, 'slipped')];
  return {
    food_id: food.id,
    as_of,
    today,
    day_number: daysBetween(food.start_date, as_of) + 1,
    kept_days: kept,
    confirmed_days: 0,
    slip_days: slipped,
    skipped_days: count(days, 'skipped'),
    missing_days: 0,
    current_streak: current,
    current_if_yesterday_kept: null,
    longest_streak: longest,
    success_rate: kept + slipped ? kept / (kept + slipped) : null,
    last_slip_on: days.findLast(({ status }) => status === 'slipped')?.date ?? null,
    saved:
      (food.price_per_day &&
        food.currency && {
          amount: `${Number(food.price_per_day) * kept}`,
          currency: food.currency,
        }) ||
      null,
    goal_reached_on: null,
    next_milestone: nextMilestone(current, food, { as_of, today }),
    milestones: milestonesOf(runs, food.goal_days),
  };
}

/** What the preview shows of the statistics of a food: all but its weeks. */
export function statsOf(
  { slips }: Sample,
  days: CalendarDay[],
): Omit<Stats, 'by_week' | 'pattern'> {
  const as_of = days.at(-1)!.date;
  const by_weekday = Array<number>(7).fill(0);
  const by_hour = Array<number>(24).fill(0);
  const triggers = new Map<string, number>();
  for (const { ago, time, trigger } of slips) {
    by_weekday[(weekday(addDays(as_of, -ago)) + 6) % 7]! += 1;
    if (time) by_hour[Number(time.slice(0, 2))]! += 1;
    if (trigger) triggers.set(trigger, (triggers.get(trigger) ?? 0) + 1);
  }
  const last30 = days.slice(-30);
  return {
    by_weekday,
    by_hour,
    without_time: slips.filter(({ time }) => !time).length,
    triggers: [...triggers]
      .map(([trigger, count]) => ({ trigger, count }))
      .sort((one, other) => other.count - one.count),
    runs: runsOf(days),
    rate_30: {
      kept: count(last30, 'kept'),
      counted: count(last30, 'kept') + count(last30, 'slipped'),
    },
  };
}

export const inMonth = (days: CalendarDay[], month: string) =>
  new Map(days.filter(({ date }) => monthOf(date) === month).map((day) => [day.date, day]));
