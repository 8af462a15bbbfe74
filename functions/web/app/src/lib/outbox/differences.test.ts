import { expect, it } from 'vitest';
import { differences } from './differences';

const marked = (one: string, other: string) =>
  differences(one, other)
    .map(({ text, differs }) => (differs ? `[${text}]` : text))
    .join('');

it.each([
  ['비가 왔다', '비가 그쳤다', '비가 [왔]다'],
  ['비가 왔다', '비가 왔다', '비가 왔다'],
  ['점심', '', '[점심]'],
  ['', '점심', ''],
  ['aa', 'aaa', 'aa'],
  ['aaa', 'aa', 'aa[a]'],
  ['좋아 😀', '좋아 😁', '좋아 [😀]'],
])('%j beside %j', (one, other, expected) => expect(marked(one, other)).toBe(expected));
