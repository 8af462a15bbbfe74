/** What a food's numbers would be with the other way of counting. */
import { addDays } from '../dates/dates';
import type { CalendarDay, Counting, Food, Status, Streak } from '../api/types';

/** The most dates in one answer of the calendar. */
const PAGE = 400;

export interface Result {
  current: number;
  kept: number;
}

/** The status of a day under the other way of counting. */
export function statusBy(counting: Counting, { status, recorded }: CalendarDay): Status {
  if (counting === 'confirm') return status === 'kept' && !recorded ? 'missing' : status;
  return status === 'missing' ? 'kept' : status;
}

export async function resultBy(
  counting: Counting,
  food: Food,
  streak: Streak,
  calendar: (id: string, from: string, to: string) => Promise<CalendarDay[]>,
): Promise<Result> {
  if (counting === food.counting) {
    return { current: streak.current_streak, kept: streak.kept_days };
  }
  const kept =
    counting === 'confirm' ? streak.confirmed_days : streak.kept_days + streak.missing_days;
  let current = 0;
  for (let to = streak.as_of; to >= food.start_date; to = addDays(to, -PAGE)) {
    const from = addDays(to, 1 - PAGE);
    const days = await calendar(food.id, from < food.start_date ? food.start_date : from, to);
    for (const day of days.reverse()) {
      const status = statusBy(counting, day);
      if (status === 'slipped' || status === 'missing') return { current, kept };
      if (status === 'kept') current += 1;
    }
  }
  return { current, kept };
}
