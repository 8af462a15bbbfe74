import { expect, it } from 'vitest';
import { conflicts, valuesIn, toBody, toFields } from './fields';

const sugar = (outcome: 'kept' | 'slipped' | null, note?: string) => ({
  food_id: 'sugar',
  outcome,
  ...(note === undefined ? {} : { note }),
});

it('changes what it names and leaves the rest of the date', () => {
  const stored = toFields({ difficulty: 4, mood: 2, note: 'long', foods: [sugar('kept', 'tea')] });
  expect(toBody(stored, toFields({ difficulty: 1, foods: [sugar('slipped')] }))).toEqual({
    difficulty: 1,
    mood: 2,
    note: 'long',
    foods: [{ food_id: 'sugar', outcome: 'slipped', note: 'tea' }],
  });
});

it('takes back to what was seen, and to nothing where there was nothing', () => {
  const seen = toFields({ note: 'before' });
  const change = toFields({ note: 'after', foods: [sugar('kept')] });
  expect(valuesIn(seen, change)).toEqual({ note: 'before', 'sugar.outcome': null });
});

it('is a conflict where the date holds what was neither seen nor wanted', () => {
  const wanted = toFields({ foods: [sugar('kept')] });
  expect(conflicts({}, {}, wanted)).toBe(false);
  expect(conflicts(toFields({ foods: [sugar('slipped')] }), {}, wanted)).toBe(true);
  expect(conflicts(wanted, {}, wanted)).toBe(false);
  // Somebody wrote about something else.
  expect(conflicts(toFields({ note: 'theirs' }), {}, wanted)).toBe(false);
});

it('compares texts as they are stored', () => {
  expect(toFields({ note: '가\r\n' })).toEqual({ note: '가\n' });
  expect(toFields({ note: '  ' })).toEqual({ note: null });
});
