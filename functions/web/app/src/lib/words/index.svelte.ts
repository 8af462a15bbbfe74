/** The language of the app: one typed catalogue for each, switched at once. */
import { context } from '../http';
import { read, write } from '../storage';
import type { Locale } from '../types';
import { en } from './en';
import { ko } from './ko';

const catalogues = { ko, en };
const KEY = 'hanip.locale';

const known = (tag: string | null): Locale | undefined =>
  (['ko', 'en'] as const).find((locale) => tag?.toLowerCase().split('-')[0] === locale);

function initial(): Locale {
  const wanted = [read<string>(localStorage, KEY), ...navigator.languages];
  return wanted.map(known).find((locale) => locale !== undefined) ?? 'en';
}

class Words {
  locale = $state<Locale>(initial());

  constructor() {
    this.#apply();
  }

  get t(): typeof ko {
    return catalogues[this.locale];
  }

  /** The language that the button offers. */
  get other(): Locale {
    return this.locale === 'ko' ? 'en' : 'ko';
  }

  use(tag: string) {
    this.locale = known(tag) ?? this.locale;
    write(localStorage, KEY, this.locale);
    this.#apply();
  }

  #apply() {
    context.locale = this.locale;
    document.documentElement.lang = this.locale;
  }
}

export const words = new Words();
