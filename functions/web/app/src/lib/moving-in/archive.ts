/** What the person has chosen of a file, as the archive that the API imports. */
import type { Archive, Counting, Outcome } from '../api/types';
import { addDays, daysBetween } from '../dates/dates';
import type { Day, Habit, Meaning, Opposite, State } from './found';
import { cleanLine } from './text';

export interface Choice {
  habit: Habit;
  name: string;
  /** What a `yes` means. */
  marks: Meaning;
  /** What a `no` means. */
  no: Opposite;
  /** Whether a day without a record counts as kept. */
  counting: Counting;
}

/** What is chosen before the person has said anything. */
export const choiceOf = (habit: Habit): Choice => ({
  habit,
  name: habit.name,
  marks: habit.marks,
  no: habit.no,
  counting: countingOf(habit.marks),
});

/** Who marked slips alone kept every other day; who marked days kept did so on each. */
export const countingOf = (marks: Meaning): Counting =>
  marks === 'slipped' ? 'assume' : 'confirm';

function outcomeOf(state: State | null, { marks, no }: Choice): Outcome | null {
  if (state === 'yes') return marks;
  // The app fills in days of what was done often enough. That is no slip.
  if (state === 'auto') return marks === 'kept' ? 'kept' : null;
  if (state !== 'no') return state;
  if (no === 'nothing') return null;
  return marks === 'kept' ? 'slipped' : 'kept';
}

const startOf = ({ habit }: Choice, today: string): string => {
  const [first = today] = habit.days.keys();
  return habit.start && habit.start < first ? habit.start : first;
};

const lastOf = ({ habit }: Choice, start: string): string => {
  const last = [...habit.days.keys()].at(-1) ?? start;
  return last > start ? last : start;
};

export interface Result {
  from: string;
  to: string;
  kept: number;
  slipped: number;
  skipped: number;
  /** Days that are over, on which nothing is recorded. */
  silent: number;
}

/** How many days of each kind a choice gives. */
export function resultOf(choice: Choice, today: string): Result {
  const from = startOf(choice, today);
  const to = lastOf(choice, from);
  const result: Result = { from, to, kept: 0, slipped: 0, skipped: 0, silent: 0 };
  const end = choice.habit.archived ? to : addDays(today, -1);
  result.silent = daysBetween(from, end) + 1;
  for (const [date, { state }] of choice.habit.days) {
    const outcome = outcomeOf(state, choice);
    if (!outcome) continue;
    result[outcome] += 1;
    if (date <= end) result.silent -= 1;
  }
  return { ...result, silent: Math.max(0, result.silent) };
}

/** Whether a day has times, amounts or words for its slips. */
const tells = ({ bites }: Day) => bites.some((bite) => Object.values(bite).some(Boolean));

export interface Making {
  today: string;
  /** An RFC 3339 instant. */
  now: string;
  id: () => string;
}

/** Its foods are new, so that to take them back takes back all of it. */
export function archiveOf(choices: Choice[], { today, now, id }: Making) {
  const foods: Archive['foods'] & object = [];
  const outcomes: Archive['outcomes'] & object = [];
  const slips: Archive['slips'] & object = [];
  for (const choice of choices) {
    const { habit, counting } = choice;
    const food_id = id();
    const start_date = startOf(choice, today);
    foods.push({
      id: food_id,
      name: cleanLine(choice.name, 50).text,
      color: habit.color,
      start_date,
      counting,
      archived_on: habit.archived ? lastOf(choice, start_date) : null,
      created_at: now,
      updated_at: now,
    });
    for (const [date, day] of habit.days) {
      let outcome = outcomeOf(day.state, choice);
      if (outcome === 'slipped' && tells(day)) {
        outcome = null;
        for (const { time = null, amount = null, note = null } of day.bites) {
          slips.push({ id: id(), food_id, date, time, amount, note, updated_at: now });
        }
      }
      if (outcome || day.note) outcomes.push({ food_id, date, outcome, note: day.note });
    }
  }
  return { format: 'hanip', version: 1, foods, outcomes, slips } satisfies Archive;
}
