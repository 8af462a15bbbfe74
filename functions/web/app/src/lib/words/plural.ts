/** English plurals. */
export const plural = new Intl.PluralRules('en');
export const count = (n: number, one: string, other: string) =>
  `${n} ${plural.select(n) === 'one' ? one : other}`;
export const days = (n: number) => count(n, 'day', 'days');
