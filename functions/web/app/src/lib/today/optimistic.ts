/**
 * Optimistic updates: the writes that wait on this device are laid over the last answer. Numbers
 * change only where the result is certain; else the last known ones stay, marked as `waiting`.
 */
import { daysBetween } from '../dates/dates';
import { nextMilestone, reachedMilestones } from './milestones';
import { toBody, toFields } from '../outbox/fields';
import type { Food, FoodChange, NewFood, Outcome, Review, Slip, Streak, Today } from '../api/types';
import type { Item } from '../outbox/item';

type Entry = Today['foods'][number];

export const overlay = (data: Today, items: Item[]): Today => items.reduce(layOver, data);

export function layOver(data: Today, item: Item): Today {
  const [, , area, key, more, slipId] = item.path.split('/');
  if (area === 'foods') return layFood(data, item, key);
  if (item.review) return layReview(data, item.review);
  if (more === 'slips') return laySlip(data, key!, slipId!, item);
  return { ...data, foods: data.foods.map(waiting) };
}

const waiting = (entry: Entry): Entry => ({ ...entry, waiting: true });

const mapFood = (data: Today, id: string | undefined, change: (entry: Entry) => Entry): Today => ({
  ...data,
  foods: data.foods.map((entry) => (entry.food.id === id ? change(entry) : entry)),
});

const without = (data: Today, id?: string): Today => ({
  ...data,
  foods: data.foods.filter(({ food }) => food.id !== id),
});

function layFood(data: Today, { method, body }: Item, key?: string): Today {
  if (method === 'POST' && !key) return layNewFood(data, body as NewFood);
  if (method === 'DELETE') return without(data, key);
  if (key === 'order') {
    const { ids } = body as { ids: string[] };
    const place = ({ food }: Entry) => ids.indexOf(food.id) + 1 || Infinity;
    return { ...data, foods: [...data.foods].sort((a, b) => place(a) - place(b)) };
  }
  if (method !== 'PATCH') return data;
  const { archived, ...change } = body as FoodChange;
  if (archived) return without(data, key);
  const counts = 'start_date' in change || 'counting' in change || 'goal_days' in change;
  return mapFood(data, key, (entry) => ({
    ...entry,
    food: { ...entry.food, ...change },
    waiting: entry.waiting || counts,
  }));
}

function layNewFood(data: Today, body: NewFood): Today {
  if (data.foods.some(({ food }) => food.id === body.id)) return data;
  const food = { icon: null, color: null, goal_days: null, counting: 'assume', ...body } as Food;
  const days = daysBetween(food.start_date, data.as_of);
  const run = food.counting === 'assume' ? days : 0;
  const streak = {
    food_id: food.id,
    as_of: data.as_of,
    today: 'open',
    day_number: days + 1,
    kept_days: run,
    current_streak: run,
    longest_streak: run,
    current_if_yesterday_kept: null,
    success_rate: run ? 1 : null,
    milestones: reachedMilestones(run, food.goal_days, food.start_date),
  } as unknown as Streak;
  streak.next_milestone = nextMilestone(run, food, streak);
  return { ...data, foods: [...data.foods, { food, streak }] };
}

function layReview(data: Today, { date, change }: NonNullable<Item['review']>): Today {
  const before = date === data.as_of ? data.review : null;
  const body = toBody(toFields(before), change);
  if (date !== data.as_of) {
    const named = body.foods.map(({ food_id }) => food_id);
    const left = data.pending?.food_ids.filter((id) => !named.includes(id)) ?? [];
    const pending = data.pending?.date === date && left.length === 0 ? null : data.pending;
    return {
      ...data,
      pending: pending?.date === date ? { date, food_ids: left } : pending,
      foods: data.foods.map((entry) => (named.includes(entry.food.id) ? waiting(entry) : entry)),
    };
  }
  const kept = before?.foods.filter((old) => body.foods.every((f) => f.food_id !== old.food_id));
  const slips = before?.slips ?? [];
  const named = body.foods.map((food) => ({ ...food, status: food.outcome }));
  const foods = [...(kept ?? []), ...named];
  const review = { ...body, date, slips, foods, updated_at: '' } satisfies Review;
  return body.foods.reduce<Today>(
    (data, { food_id, outcome }) =>
      mapFood(data, food_id, (entry) => {
        const slipped = slips.some((slip) => slip.food_id === food_id);
        return withToday(entry, slipped ? 'slipped' : (outcome ?? 'open'));
      }),
    { ...data, review },
  );
}

function laySlip(data: Today, date: string, id: string, { method, body }: Item): Today {
  const old = data.review?.slips.find((slip) => slip.id === id);
  const food = method === 'PUT' ? (body as Slip).food_id : old?.food_id;
  if (date !== data.as_of) {
    return food ? mapFood(data, food, waiting) : { ...data, foods: data.foods.map(waiting) };
  }
  const empty = { date, difficulty: null, mood: null, note: null, foods: [], updated_at: '' };
  const others = data.review?.slips.filter((slip) => slip !== old) ?? [];
  const slips = method === 'PUT' ? [...others, { ...(body as Slip), id, date }] : others;
  const laid: Today = { ...data, review: { ...empty, ...data.review, slips } };
  if (method === 'PUT') return mapFood(laid, food, (entry) => withToday(entry, 'slipped'));
  return mapFood(laid, food, waiting);
}

/** The food with a new status of today. */
function withToday(entry: Entry, status: Outcome | 'open'): Entry {
  const { food, streak } = entry;
  if (streak.today === status || streak.today === null) return entry;
  const changed = { ...streak, today: status };
  // Taking a day back may shorten the longest run, and what was before a slip is not known here.
  const wasBest = streak.today === 'kept' && streak.longest_streak === streak.current_streak;
  if (entry.waiting || wasBest || streak.today === 'slipped' || streak.today === 'missing') {
    return { food, streak: changed, waiting: true };
  }
  if (streak.today === 'kept') {
    changed.current_streak -= 1;
    changed.kept_days -= 1;
  }
  if (status === 'kept') {
    changed.current_streak += 1;
    changed.kept_days += 1;
  }
  if (status === 'slipped') changed.current_streak = 0;
  changed.longest_streak = Math.max(streak.longest_streak, changed.current_streak);
  changed.next_milestone = nextMilestone(changed.current_streak, food, changed);
  return { food, streak: changed };
}

/** The last answer moved on to a later date, which only this device's clock tells. */
export function roll(data: Today, date: string): Today {
  const days = daysBetween(data.as_of, date);
  if (days <= 0) return data;
  const food_ids = data.foods.flatMap(({ food, streak }) =>
    streak.today === 'open' || streak.today === 'missing' ? [food.id] : [],
  );
  return {
    ...data,
    as_of: date,
    review: null,
    pending: days === 1 && food_ids.length > 0 ? { date: data.as_of, food_ids } : null,
    foods: data.foods.map(({ food, streak }) => ({
      food,
      streak: {
        ...streak,
        as_of: date,
        day_number: daysBetween(food.start_date, date) + 1,
        today: food.start_date <= date ? 'open' : null,
        current_if_yesterday_kept: null,
      },
      waiting: true,
    })),
  };
}
