/** What was said of a day, in words: "설탕 지킴 · 라면 먹음 · 힘들었어요". */
import type { Fields } from './fields';
import type { Food, Outcome } from '../api/types';
import { words } from '../words/words.svelte';

export function describe(said: Fields, foods: Pick<Food, 'id' | 'name'>[]): string {
  const { status, review } = words.t;
  const quoted = (note: Fields[string] | undefined) => (note ? [`“${note}”`] : []);
  const outcomes = foods.flatMap(({ id, name }) => {
    const outcome = said[`${id}.outcome`];
    return [
      ...(outcome ? [`${name} ${status[outcome as Outcome]}`] : []),
      ...quoted(said[`${id}.note`]),
    ];
  });
  const face = said.difficulty ? [review.faces[Number(said.difficulty) - 1]!] : [];
  return [...outcomes, ...face, ...quoted(said.note)].join(' · ');
}
