/** Money and shares in the reader's language. */
import type { Locale } from '../api/types';

export function formatMoney(amount: string, currency: string, locale: Locale): string {
  const money = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    trailingZeroDisplay: 'stripIfInteger',
  });
  // As a string it keeps digits that a number would round.
  return money.format(amount as Intl.StringNumericLiteral);
}

export const formatShare = (share: number, locale: Locale) =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(share);
