import { expect, it } from 'vitest';
import { en } from '../words/en/first';
import { ko } from '../words/ko/first';
import { firstGrapheme } from '../ui/emoji';
import { LOOKS, lookOf } from './suggestions';

it('gives each suggested food a picture and a colour, in both languages', () => {
  expect([ko, en].map(({ add }) => add.suggestions.length)).toEqual([LOOKS.length, LOOKS.length]);
  expect(new Set(LOOKS.map(({ icon }) => icon)).size).toBe(LOOKS.length);
  for (const { icon, color } of LOOKS) {
    expect(firstGrapheme(icon)).toBe(icon);
    expect(color).toMatch(/^#[0-9a-f]{6}$/);
  }
});

it('gives a typed name the look of the suggestion that it is', () => {
  const coffee = LOOKS[4];
  for (const name of ['커피', ' 커 피 ', '커피'.normalize('NFD')]) {
    expect(lookOf(name, ko.add.suggestions)).toBe(coffee);
  }
  expect(lookOf('coffee', en.add.suggestions)).toBe(coffee);
  for (const name of ['', '커피 우유', '밀크티']) {
    expect(lookOf(name, ko.add.suggestions)).toBeUndefined();
  }
});
