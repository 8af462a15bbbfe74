/** "Yesterday too": sets only the outcomes that were missing and leaves the rest of that day. */
import * as api from './api';
import { Problem } from './http';
import type { Outcome } from './types';

export async function setOutcomes(date: string, ids: string[], outcome: Outcome | null) {
  for (let attempt = 1; ; attempt++) {
    const { value: stored, etag } = await api.review(date);
    const note = (id: string) => stored?.foods.find((food) => food.food_id === id)?.note ?? null;
    const input = {
      difficulty: stored?.difficulty ?? null,
      mood: stored?.mood ?? null,
      note: stored?.note ?? null,
      foods: ids.map((id) => ({ food_id: id, outcome, note: note(id) })),
    };
    try {
      return (await api.putReview(date, input, etag)).value;
    } catch (error) {
      // Changed between the two calls: read again, as nothing of it is replaced here.
      if (!(error instanceof Problem && error.status === 412) || attempt === 3) throw error;
    }
  }
}
