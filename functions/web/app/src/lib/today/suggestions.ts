/** How the suggested foods look, in the order of their names in `words.t.add.suggestions`. */
export const LOOKS = [
  { icon: '🍬', color: '#d64545' },
  { icon: '🍜', color: '#e8813a' },
  { icon: '🥤', color: '#4a7fd1' },
  { icon: '🍪', color: '#e6b422' },
  { icon: '☕', color: '#8a6242' },
  { icon: '🌙', color: '#8e62c4' },
  { icon: '🍺', color: '#e6b422' },
  { icon: '🍫', color: '#8a6242' },
  { icon: '🍤', color: '#e8813a' },
  { icon: '🍞', color: '#e6b422' },
  { icon: '🍔', color: '#d64545' },
  { icon: '🍦', color: '#2f9e98' },
];

/** How a food looks whose name was typed, where it is one of the suggestions. */
export function lookOf(name: string, suggestions: string[]) {
  const plain = (text: string) => text.normalize().replace(/\s/g, '').toLowerCase();
  const at = suggestions.findIndex((suggestion) => plain(suggestion) === plain(name));
  return at < 0 ? undefined : LOOKS[at];
}
