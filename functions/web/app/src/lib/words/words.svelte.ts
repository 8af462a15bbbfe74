/** The language of the app: typed catalogues, of which only those in use are fetched. */
import { context } from '../api/http';
import { read, write } from '../ui/storage';
import type { Locale } from '../api/types';
import type { ko as first } from './ko/first';
import type { ko as later } from './ko/later';

type First = typeof first;
type Later = typeof later;

const firsts: Record<Locale, () => Promise<First>> = {
  ko: async () => (await import('./ko/first')).ko,
  en: async () => (await import('./en/first')).en,
};
const laters: Record<Locale, () => Promise<Later>> = {
  ko: async () => (await import('./ko/later')).ko,
  en: async () => (await import('./en/later')).en,
};
const manifests: Record<Locale, string> = {
  ko: '/manifest.webmanifest',
  en: '/manifest.en.webmanifest',
};
const KEY = 'hanip.locale';

const known = (tag: string | null): Locale | undefined =>
  (['ko', 'en'] as const).find((locale) => tag?.toLowerCase().split('-')[0] === locale);

function initial(): Locale {
  const wanted = [read<string>('localStorage', KEY), ...navigator.languages];
  return wanted.map(known).find((locale) => locale !== undefined) ?? 'en';
}

class Words {
  locale = $state.raw<Locale>(initial());
  /**
   * The words by subject. Those of `first` are there before the app is drawn, those of `later`
   * before anything that is loaded `withLater`; words.test.ts holds the first screens to this.
   */
  t = $state.raw({} as First & Later);
  #wanted = this.locale;
  #needsLater = false;

  /** The language that the button offers. */
  get other(): Locale {
    return this.locale === 'ko' ? 'en' : 'ko';
  }

  async use(tag: string | null): Promise<void> {
    const locale = (this.#wanted = known(tag) ?? this.#wanted);
    const [first, later] = await Promise.all([
      firsts[locale](),
      this.#needsLater ? laters[locale]() : null,
    ]);
    if (locale !== this.#wanted) return this.use(null);
    this.t = { ...first, ...later } as First & Later;
    this.locale = locale;
    context.locale = locale;
    document.documentElement.lang = locale;
    // Who installs the app gets its name in the language they see.
    document.querySelector<HTMLLinkElement>('link[rel=manifest]')!.href = manifests[locale];
    if (tag) write('localStorage', KEY, locale);
  }

  async withLater<T>(page: Promise<T>): Promise<T> {
    this.#needsLater = true;
    const [loaded] = await Promise.all([page, this.use(null)]);
    return loaded;
  }
}

export const words = new Words();
