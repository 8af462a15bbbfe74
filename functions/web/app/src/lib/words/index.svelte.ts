/** The language of the app: typed catalogues, of which only those in use are fetched. */
import { context } from '../api/http';
import { read, write } from '../ui/storage';
import type { Locale } from '../api/types';
import type { ko } from './ko';
import type { ko as moreKo } from './more.ko';

type Catalogue = typeof ko;
type More = typeof moreKo;

const catalogues: Record<Locale, () => Promise<Catalogue>> = {
  ko: async () => (await import('./ko')).ko,
  en: async () => (await import('./en')).en,
};
const later: Record<Locale, () => Promise<More>> = {
  ko: async () => (await import('./more.ko')).ko,
  en: async () => (await import('./more.en')).en,
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
  /** The same for all behind the first screen: there before what is loaded `withMore`. */
  more = $state.raw({} as More);
  #wanted = this.locale;
  #needsMore = false;

  /** The language that the button offers. */
  get other(): Locale {
    return this.locale === 'ko' ? 'en' : 'ko';
  }

  async use(tag: string | null): Promise<void> {
    const locale = (this.#wanted = known(tag) ?? this.#wanted);
    const [t, more] = await Promise.all([
      catalogues[locale](),
      this.#needsMore ? later[locale]() : this.more,
    ]);
    if (locale !== this.#wanted) return this.use(null);
    this.t = t;
    this.more = more;
    this.locale = locale;
    context.locale = locale;
    document.documentElement.lang = locale;
    if (tag) write(localStorage, KEY, locale);
  }

  async withMore<T>(page: Promise<T>): Promise<T> {
    this.#needsMore = true;
    const [loaded] = await Promise.all([page, this.use(null)]);
    return loaded;
  }
}

export const words = new Words();
