import { expect, it } from 'vitest';
import { dayAt, untilNextDay, wallTimeOf } from './turn';

const answer = (time_zone: string, next_day_at: string, day_start = '00:00') => ({
  as_of: '2026-03-11',
  next_day_at,
  me: { time_zone, day_start },
});
const seoul = answer('Asia/Seoul', '2026-03-11T15:00:00Z');
const at = (instant: string) => Date.parse(instant);

it('is over at the very moment that the answer names', () => {
  expect(untilNextDay(seoul, at('2026-03-11T14:59:59Z'))).toBe(1000);
  expect(dayAt(at('2026-03-11T14:59:59Z'), seoul)).toBe('2026-03-11');
  expect(dayAt(at('2026-03-11T15:00:00Z'), seoul)).toBe('2026-03-12');
  expect(dayAt(at('2026-03-14T14:59:59Z'), seoul)).toBe('2026-03-14');
});

it('begins with the hour that the person chose', () => {
  const four = answer('Asia/Seoul', '2026-03-11T19:00:00Z', '04:00');
  expect(dayAt(at('2026-03-11T18:59:59Z'), four)).toBe('2026-03-11');
  expect(dayAt(at('2026-03-12T18:59:59Z'), four)).toBe('2026-03-12');
  expect(dayAt(at('2026-03-12T19:00:00Z'), four)).toBe('2026-03-13');
});

it('follows the server where this browser does not know the zone, or not its newest rules', () => {
  const unknown = answer('America/Nowhere', '2026-03-12T03:00:00Z');
  expect(dayAt(at('2026-03-12T03:00:00Z'), unknown)).toBe('2026-03-12');
  expect(dayAt(at('2026-03-14T09:00:00Z'), unknown)).toBe('2026-03-14');
  const moved = answer('Asia/Seoul', '2026-03-11T14:00:00Z');
  expect(dayAt(at('2026-03-11T14:30:00Z'), moved)).toBe('2026-03-12');
});

it('tells the time of day, also in a zone that this browser does not know', () => {
  expect(wallTimeOf(seoul, at('2026-03-11T12:34:56Z'))).toBe('21:34');
  const unknown = answer('America/Nowhere', '2026-03-12T07:00:00Z', '04:00');
  expect(wallTimeOf(unknown, at('2026-03-11T12:34:56Z'))).toBe('09:34');
});
