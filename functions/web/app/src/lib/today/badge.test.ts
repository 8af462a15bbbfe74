import { expect, it } from 'vitest';
import { rim, SIDE, sizeOf, starsAt, starsOf, tonesOf } from './badge';
import { inkOn } from '../ui/color';

const ranks = [1, 3, 7, 14, 21, 30, 50, 66, 100, 200, 365];

it('tells every rank apart by its shape, without colour', () => {
  expect(new Set(ranks.map(rim)).size).toBe(ranks.length);
  expect(rim(730)).toBe(rim(365));
  expect([14, 30, 100, 730].map(starsOf)).toEqual([0, 1, 2, 3]);
});

it('stays within its square', () => {
  for (const days of ranks) {
    const ends = [...rim(days).matchAll(/[\d.]+ [\d.]+(?=[QZ])/g)].flatMap(([at]) => at.split(' '));
    for (const end of ends) expect(Number(end)).toBeLessThan(SIDE);
  }
  for (const { x } of starsAt(3)) expect(Math.abs(x - SIDE / 2)).toBeLessThan(20);
  expect(sizeOf(1095)).toBeLessThan(sizeOf(7));
});

it('writes dark on pale and pale on dark', () => {
  for (const days of ranks) {
    const { pale, strong } = tonesOf(days);
    expect([inkOn(pale), inkOn(strong)]).toEqual(['#1b1713', '#ffffff']);
  }
});
