import { describe, expect, it } from 'vitest';
import { en } from './en';
import { ko } from './ko';
import { en as moreEn } from './more.en';
import { ko as moreKo } from './more.ko';
import { withParticle } from './particle';

describe('particles', () => {
  it.each([
    ['설탕', '설탕을'],
    ['커피', '커피를'],
    ['라면 2', '라면 2를'],
    ['1+1', '1+1을'],
    ['Cola', 'Cola 항목을'],
    ['빵 🍞', '빵 🍞 항목을'],
  ])('%s', (name, expected) => expect(withParticle(name, '을', '를')).toBe(expected));
});

describe('plurals', () => {
  it('counts one day and many', () => {
    expect(en.streak.current(1)).toEqual({ number: '1', rest: ' day in a row' });
    expect(en.streak.next(7, 2)).toBe('2 days to the 7-day badge');
    expect(moreEn.calendar.times(2)).toBe('twice');
    expect(moreKo.calendar.times(2)).toBe('2번');
  });

  it('keeps a slip on the first day kind', () => {
    expect(ko.streak.slipped(0, 0)).toBe('기록했어요. 내일부터 다시 이어 가요.');
    expect(ko.streak.slipped(24, 86)).toBe(
      '기록했어요. 최고 24일과 지킨 날 86일은 그대로예요. 내일부터 다시 이어 가요.',
    );
  });
});

it('never says what hurts', () => {
  const text = (value: unknown): string =>
    typeof value === 'function'
      ? String(value('1', '2', '3').rest ?? value('1', '2', '3'))
      : typeof value === 'string'
        ? value
        : Object.values(value as object)
            .map(text)
            .join('\n');
  expect(text([ko, moreKo])).not.toMatch(
    /실패|재발|위반|초기화|리셋|스트릭|성공률|을\(를\)|넘어간/,
  );
  expect(text([en, moreEn])).not.toMatch(/fail|relapse|reset/i);
});
