import { expect, it } from 'vitest';
import { en } from '../words/en/first';
import { ko } from '../words/ko/first';
import { firstGrapheme } from '../ui/emoji';
import { LOOKS } from './suggestions';

it('gives each suggested food a picture and a colour, in both languages', () => {
  expect([ko, en].map(({ add }) => add.suggestions.length)).toEqual([LOOKS.length, LOOKS.length]);
  expect(new Set(LOOKS.map(({ icon }) => icon)).size).toBe(LOOKS.length);
  for (const { icon, color } of LOOKS) {
    expect(firstGrapheme(icon)).toBe(icon);
    expect(color).toMatch(/^#[0-9a-f]{6}$/);
  }
});
