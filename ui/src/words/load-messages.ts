// The messages of each language, and the font that its script needs, loaded when they are wanted.
import type { Locale, Messages } from './language.svelte.ts';

const loaders = {
  en: () => import('virtual:messages/en'),
  de: () => import('virtual:messages/de'),
  es: () => import('virtual:messages/es'),
  zh: () => withFont(import('virtual:messages/zh'), import('@fontsource-variable/noto-sans-sc/wght.css')),
  ar: () => withFont(import('virtual:messages/ar'), import('@fontsource-variable/noto-sans-arabic/wght.css')),
} as const satisfies Record<Locale, () => Promise<{ messages: Messages }>>;

/** Rejects where the appliance does not answer. */
export async function loadMessages(locale: Locale): Promise<Messages> {
  return (await loaders[locale]()).messages;
}

async function withFont<T>(messages: Promise<T>, font: Promise<unknown>): Promise<T> {
  await font;
  return messages;
}
