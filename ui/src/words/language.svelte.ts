// The language of the screen: its messages, its direction, and how figures are written in it.
import type { KeyStore } from '../state/access.svelte.ts';
import { Figures, type Units } from './figures.ts';
import type { MessageId } from './message-id.ts';

export const locales = ['en', 'de', 'es', 'zh', 'ar'] as const;
export type Locale = (typeof locales)[number];

/** What stands in a message's braces. */
export type Values = Readonly<Record<string, string | number>>;
export type Messages = Readonly<Record<string, (values: Values) => string>>;

/** Each by its own name, as its speakers look for it. */
export const localeNames = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  zh: '中文',
  ar: 'العربية',
} as const satisfies Record<Locale, string>;

export interface LanguageOptions {
  readonly store: KeyStore;
  /** Of the device, the most wanted first, such as `de-AT`. */
  readonly preferred: readonly string[];
  readonly load: (locale: Locale) => Promise<Messages>;
}

/** Says a message in the language that is chosen now. */
export type Say = (id: MessageId, values?: Values) => string;

const storedAs = { locale: 'vedette.language', units: 'vedette.units' };

export class Language {
  readonly #options: LanguageOptions;
  #messages: Messages = $state.raw({});
  #locale: Locale = $state('en');
  #units: Units = $state('metric');
  readonly dir: 'ltr' | 'rtl' = $derived(this.#locale === 'ar' ? 'rtl' : 'ltr');
  readonly figures = $derived(new Figures(this.#tag(this.#locale), this.#units));

  private constructor(options: LanguageOptions) {
    this.#options = options;
    const units = options.store.getItem(storedAs.units);
    if (units === 'imperial') this.#units = units;
  }

  /** In the language that was chosen on this device, else the first that the device prefers and the screen speaks. */
  static async open(options: LanguageOptions): Promise<Language> {
    const language = new Language(options);
    const stored = locales.find((locale) => locale === options.store.getItem(storedAs.locale));
    const wanted = options.preferred.map((tag) => locales.find((locale) => tag.toLowerCase().startsWith(locale)));
    await language.#become(stored ?? wanted.find((locale) => locale !== undefined) ?? 'en');
    return language;
  }

  get locale(): Locale {
    return this.#locale;
  }

  get units(): Units {
    return this.#units;
  }

  /** Rejects where its messages cannot be loaded; then all stays as it was. */
  async choose(locale: Locale): Promise<void> {
    await this.#become(locale);
    this.#options.store.setItem(storedAs.locale, locale);
  }

  chooseUnits(units: Units): void {
    this.#units = units;
    this.#options.store.setItem(storedAs.units, units);
  }

  /** An id without a message shows itself: a test sees to it that there is none. */
  readonly t: Say = (id, values = {}) => this.#messages[id]?.(values) ?? id;

  /** Undefined where there is none, for ids that come over the wire. */
  find(id: string, values: Values = {}): string | undefined {
    return this.#messages[id]?.(values);
  }

  async #become(locale: Locale): Promise<void> {
    this.#messages = await this.#options.load(locale);
    this.#locale = locale;
  }

  /** With the device's own region, where it is of that language: it says how dates are written. */
  #tag(locale: Locale): string {
    return this.#options.preferred.find((tag) => tag.toLowerCase().startsWith(locale)) ?? locale;
  }
}
