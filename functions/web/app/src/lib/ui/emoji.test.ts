import { afterEach, expect, it, vi } from 'vitest';
import { firstGrapheme, inColor, pictureOf } from './emoji';

afterEach(() => vi.unstubAllGlobals());

const cases = [
  ['👨‍👩‍👧‍👦 가족 식사', '👨‍👩‍👧‍👦'],
  ['🇰🇷 김치', '🇰🇷'],
  ['🇰🇷🇯🇵', '🇰🇷'],
  ['☕️ 커피', '☕️'],
  ['🏴󠁧󠁢󠁥󠁮󠁧󠁿 tea', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['👍🏽👍', '👍🏽'],
  ['라면', '라'],
  ['AB', 'A'],
  ['', ''],
];

it.each(cases)('%s begins with %s', (text, first) => expect(firstGrapheme(text)).toBe(first));

it.each(cases)('%s begins with %s in a browser without a segmenter', (text, first) => {
  vi.stubGlobal('Intl', {});
  expect(firstGrapheme(text)).toBe(first);
});

it('asks for colour where a sign has both forms', () => {
  expect(inColor('☕')).toBe('☕\ufe0f');
  expect(inColor('☕\ufe0f')).toBe('☕\ufe0f');
  expect(inColor('7')).toBe('7');
  expect(inColor('라')).toBe('라');
});

it('shows the icon, else the beginning of the name', () => {
  expect(pictureOf({ icon: '🍜', name: '라면' })).toBe('🍜');
  expect(pictureOf({ icon: null, name: '🇰🇷 김치' })).toBe('🇰🇷');
});
