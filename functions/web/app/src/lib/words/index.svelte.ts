/** The language of the app: one typed catalogue for each, of which only the one in use is fetched. */
import { context } from '../http';
import { read, write } from '../storage';
import type { Locale } from '../types';
import type { ko } from './ko';

type Catalogue = typeof ko;

const catalogues: Record<Locale, () => Promise<Catalogue>> = {
  ko: async () => (await import('./ko')).ko,
  en: async () => (await import('./en')).en,
};
const KEY = 'hanip.locale';

const known = (tag: string | null): Locale | undefined =>
  (['ko', 'en'] as const).find((locale) => tag?.toLowerCase().split('-')[0] === locale);

function initial(): Locale {
  const wanted = [read<string>(localStorage, KEY), ...navigator.languages];
  return wanted.map(known).find((locale) => locale !== undefined) ?? 'en';
}

class Words {
  locale = $state.raw<Locale>(initial());
  /** There before the app is drawn. */
  t = $state.raw({} as Catalogue);

  /** The language that the button offers. */
  get other(): Locale {
    return this.locale === 'ko' ? 'en' : 'ko';
  }

  async use(tag: string | null) {
    const locale = known(tag) ?? this.locale;
    this.t = await catalogues[locale]();
    this.locale = locale;
    context.locale = locale;
    document.documentElement.lang = locale;
    if (tag) write(localStorage, KEY, locale);
  }
}

export const words = new Words();
