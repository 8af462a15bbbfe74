import { describe, expect, it } from 'vitest';
import { en } from './en/first';
import { en as laterEn } from './en/later';
import { ko } from './ko/first';
import { ko as laterKo } from './ko/later';
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
    expect(laterEn.calendar.times(2)).toBe('twice');
    expect(laterKo.calendar.times(2)).toBe('2번');
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
      ? text((value as (...args: string[]) => unknown)('1', '2', '3'))
      : typeof value === 'string'
        ? value
        : Object.values(value as object)
            .map(text)
            .join('\n');
  expect(text([ko, laterKo])).not.toMatch(
    /실패|재발|위반|초기화|리셋|스트릭|성공률|을\(를\)|넘어간/,
  );
  expect(text([en, laterEn])).not.toMatch(/fail|relapse|reset/i);
});

describe('what is loaded first', () => {
  const sources = import.meta.glob<string>('/src/**/*.{ts,svelte}', {
    query: '?raw',
    import: 'default',
    eager: true,
  });

  /** A file and all that it imports, other than when it is needed. */
  function withImports(path: string, seen = new Set<string>()): Set<string> {
    const found = ['', '.ts', '/index.ts'].map((end) => path + end).find((name) => name in sources);
    if (!found || seen.has(found)) return seen;
    seen.add(found);
    for (const [, name] of sources[found]!.matchAll(/^\s*import (?!type ).*?from '(\..*?)';/gms)) {
      withImports(new URL(name!, `file://${found}`).pathname, seen);
    }
    return seen;
  }

  /** The subjects of words that a file names. */
  function subjects(source: string): string[] {
    const whole = source.includes('const t = $derived(words.t);') ? /\bt\.(\w+)/g : /$^/g;
    const named = [...source.matchAll(/\bwords\.t\.(\w+)/g), ...source.matchAll(whole)];
    return named.map(([, subject]) => subject!);
  }

  it('needs no words that come later', () => {
    // All but the first are loaded when they are needed, without the words that come later.
    const roots = [
      'main.ts',
      'pages/Today.svelte',
      'pages/SignIn.svelte',
      'parts/diary/DayForm.svelte',
      'parts/food/AddFood.svelte',
    ];
    const files = [...new Set(roots.flatMap((root) => [...withImports(`/src/${root}`)]))];
    expect(files).toContain('/src/parts/food/FoodCard.svelte');
    expect(files).not.toContain('/src/pages/Settings.svelte');
    const needed = new Set(files.flatMap((file) => subjects(sources[file]!)));
    expect(needed).toContain('signIn');
    expect([...needed].filter((subject) => !(subject in ko))).toEqual([]);
  });

  it('shares no subject with what comes later', () => {
    expect(Object.keys(ko).filter((subject) => subject in laterKo)).toEqual([]);
  });
});
