/** The content of a review in one line: "설탕 지킴 · 라면 먹음 · 힘들었어요". */
import type { Fields } from './fields';
import type { Food, Outcome } from '../api/types';
import { words } from '../words/words.svelte';

export function describe(fields: Fields, foods: Pick<Food, 'id' | 'name'>[]): string {
  const { status, review } = words.t;
  const quoted = (note: Fields[string] | undefined) => (note ? [`“${note}”`] : []);
  const outcomes = foods.flatMap(({ id, name }) => {
    const outcome = fields[`${id}.outcome`];
    return [
      ...(outcome ? [`${name} ${status[outcome as Outcome]}`] : []),
      ...quoted(fields[`${id}.note`]),
    ];
  });
  const face = fields.difficulty ? [review.faces[Number(fields.difficulty) - 1]!] : [];
  return [...outcomes, ...face, ...quoted(fields.note)].join(' · ');
}
