/** The day's sheet as pure functions: what is stored, with the choices of this page laid over it. */
import type { Fields } from '../outbox/fields';
import type { Food, Outcome, Status, Streak, Today } from '../api/types';

/** The draft of a date, which the first screen and the page of the date share. */
export const formOf = (date: string) => `day/${date}`;

/** The draft of a new slip, which the first screen and the page of the slip share. */
export const slipFormOf = (date: string, food: string) => `slip/${date}/${food}`;

/** The outcome shown for a food: what was chosen, else what is stored. Nobody has chosen an open day. */
export function shownOutcome({ food_id, today }: Streak, change: Fields): Outcome | null {
  const chosen = change[`${food_id}.outcome`];
  if (chosen !== undefined) return chosen as Outcome | null;
  return today === 'open' || today === 'missing' ? null : today;
}

type Counted = Pick<Food, 'counting'>;

/** Whether the food waits for an answer about each day: where silence counts as kept, none is asked for. */
const isAsked = ({ counting }: Counted) => counting === 'confirm';

/** Whether a day that nothing is said about is on its way to be kept. */
export const isCounting = (food: Counted, status: Status | null) =>
  status === 'open' && !isAsked(food);

/** The foods that wait for an answer about today. */
export const unanswered = ({ foods }: Today): string[] =>
  foods.flatMap(({ food, streak }) => (isAsked(food) && streak.today === 'open' ? [food.id] : []));

/** The same of yesterday; null if there are none. The API names all foods that have no record then. */
export function unansweredYesterday({ foods, pending }: Today): Today['pending'] {
  const food_ids = pending?.food_ids.filter((id) =>
    foods.some(({ food }) => food.id === id && isAsked(food)),
  );
  return pending && food_ids?.length ? { date: pending.date, food_ids } : null;
}
