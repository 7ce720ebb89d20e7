// How the screen writes figures, in four of its languages.
import { describe, expect, test } from 'vitest';
import { Figures, secondsBetween } from '../../ui/src/words/figures.ts';

const languages = {
  en: new Figures('en', 'metric'),
  de: new Figures('de', 'metric'),
  ar: new Figures('ar', 'metric'),
  zh: new Figures('zh', 'metric'),
} as const;
type Tag = keyof typeof languages;

/** Kinds of space, and marks of direction that nobody sees, differ from one release of ICU to the next. */
function plain(text: string): string {
  return text.replace(/[\u200e\u200f\u061c]/g, '').replace(/\s/g, ' ');
}

/** The same in each language. */
function written(write: (figures: Figures) => string): Record<Tag, string> {
  const { en, de, ar, zh } = languages;
  return { en: plain(write(en)), de: plain(write(de)), ar: plain(write(ar)), zh: plain(write(zh)) };
}

describe('figures', () => {
  test('show a dash for what is not known, never NaN', () => {
    for (const figures of Object.values(languages))
      for (const value of [null, NaN, Infinity]) {
        expect(figures.count(value)).toBe('–');
        expect(figures.percent(value)).toBe('–');
        expect(figures.duration(value)).toBe('–');
        expect(figures.remaining(value)).toBe('–');
        expect(figures.rate(value)).toBe('–');
      }
    const { en } = languages;
    expect([en.duration(-1), en.remaining(-1), en.moment('yesterday', new Date()), en.day('')]).toEqual(
      Array.from({ length: 4 }, () => '–'),
    );
  });

  test('write counts, rates, shares and confidences', () => {
    expect(written((figures) => figures.count(1_240_000))).toEqual({
      en: '1,240,000',
      de: '1.240.000',
      ar: '1,240,000',
      zh: '1,240,000',
    });
    expect(written((figures) => figures.rate(28.43))).toEqual({ en: '28.4', de: '28,4', ar: '28.4', zh: '28.4' });
    expect(languages.en.rate(99.97)).toBe('100');
    expect(languages.en.rate(240.2)).toBe('240');
    expect(written((figures) => figures.percent(99.9))).toEqual({ en: '99%', de: '99 %', ar: '99%', zh: '99%' });
    expect(written((figures) => figures.hundredths(0.874))).toEqual({ en: '0.87', de: '0,87', ar: '0.87', zh: '0.87' });
  });

  test.each([
    [0, { en: '0 sec', de: '0 Sek.', ar: '0 ث', zh: '0秒' }],
    [0.42, { en: '0.4 sec', de: '0,4 Sek.', ar: '0.4 ث', zh: '0.4秒' }],
    [9.96, { en: '10 sec', de: '10 Sek.', ar: '10 ث', zh: '10秒' }],
    [59.6, { en: '1 min', de: '1 Min.', ar: '1 د', zh: '1分钟' }],
    [185, { en: '3 min 5 sec', de: '3 Min. 5 Sek.', ar: '3 د 5 ث', zh: '3分钟 5秒' }],
    [3599.7, { en: '1 hr', de: '1 Std.', ar: '1 س', zh: '1小时' }],
    [7440, { en: '2 hr 4 min', de: '2 Std. 4 Min.', ar: '2 س 4 د', zh: '2小时 4分钟' }],
    [93_600, { en: '1 day 2 hr', de: '1 Tg. 2 Std.', ar: 'يوم 2 س', zh: '1天 2小时' }],
  ])('write a length of %d seconds', (seconds, texts) =>
    expect(written((figures) => figures.duration(seconds))).toEqual(texts),
  );

  test.each([
    [0.3, '1 sec'],
    [1.2, '2 sec'],
    [59, '59 sec'],
    [61, '1 min 5 sec'],
    [599, '10 min'],
    [1801, '31 min'],
    [7200, '2 hr'],
  ])('write %d seconds left as %s, coarser the farther away', (seconds, text) =>
    expect(plain(languages.en.remaining(seconds))).toBe(text),
  );

  test.each([
    [0, { en: '0 bytes', de: '0 Byte', ar: '0 بايت', zh: '0字节' }],
    [1, { en: '1 byte', de: '1 Byte', ar: '1 بايت', zh: '1字节' }],
    [999, { en: '999 bytes', de: '999 Byte', ar: '999 بايت', zh: '999字节' }],
    [1500, { en: '1.5 kB', de: '1,5 kB', ar: '1.5 كيلوبايت', zh: '1.5 kB' }],
    [9_960_000, { en: '10 MB', de: '10 MB', ar: '10 م.ب', zh: '10 MB' }],
    [999_600, { en: '1.0 MB', de: '1,0 MB', ar: '1.0 م.ب', zh: '1.0 MB' }],
    [860_000_000, { en: '860 MB', de: '860 MB', ar: '860 م.ب', zh: '860 MB' }],
    [3_200_000_000, { en: '3.2 GB', de: '3,2 GB', ar: '3.2 غ.ب', zh: '3.2 GB' }],
    [5e15, { en: '5,000 TB', de: '5.000 TB', ar: '5,000 تيرابايت', zh: '5,000 TB' }],
  ])('write %d bytes', (value, texts) => expect(written((figures) => figures.bytes(value))).toEqual(texts));

  test('write a place in a video alike everywhere', () => {
    const all = (text: string) => ({ en: text, de: text, ar: text, zh: text });
    expect(written((figures) => figures.timecode(3847.25, 3))).toEqual(all('1:04:07.250'));
    expect(written((figures) => figures.timecode(7.96))).toEqual(all('0:08.0'));
    expect(languages.en.timecode(59.99, 0)).toBe('1:00');
    expect(languages.en.timecode(-1)).toBe('0:00.0');
  });

  test('write a moment of today by its time, another with its date, and of another year with that too', () => {
    const morning = new Date(2026, 4, 12, 9, 5).toISOString();
    const seen = (today: Date) => written((figures) => figures.moment(morning, today));
    expect(seen(new Date(2026, 4, 12, 23))).toEqual({ en: '09:05 AM', de: '09:05', ar: '09:05 ص', zh: '09:05' });
    expect(seen(new Date(2026, 4, 13))).toMatchObject({ en: 'May 12, 09:05 AM', de: '12. Mai, 09:05' });
    expect(seen(new Date(2026, 4, 13))).toMatchObject({ ar: '12 مايو، 09:05 ص', zh: '5月12日 09:05' });
    expect(seen(new Date(2027, 0, 1))).toMatchObject({ en: 'May 12, 2026, 09:05 AM', zh: '2026年5月12日 09:05' });
    expect(written((figures) => figures.day(morning))).toEqual({
      en: 'May 12, 2026',
      de: '12.05.2026',
      ar: '12/05/2026',
      zh: '2026年5月12日',
    });
  });

  test('name one after another', () => {
    expect(written((figures) => figures.listed(['car', 'dog', 'cat']))).toEqual({
      en: 'car, dog, and cat',
      de: 'car, dog und cat',
      ar: 'car وdog وcat',
      zh: 'car、dog和cat',
    });
  });

  test('tell a temperature in the units of the screen', () => {
    expect(written((figures) => figures.temperature(54.4))).toEqual({
      en: '54°C',
      de: '54 °C',
      ar: '54°م',
      zh: '54°C',
    });
    expect(new Figures('en', 'imperial').temperature(54.4)).toBe('130°F');
  });

  test('measure between moments only what is in order', () => {
    expect(secondsBetween('2026-05-12T09:00:00.000Z', '2026-05-12T09:00:01.500Z')).toBe(1.5);
    expect(secondsBetween('2026-05-12T09:00:00.000Z', null)).toBeNull();
    expect(secondsBetween('2026-05-12T09:00:02.000Z', '2026-05-12T09:00:01.000Z')).toBeNull();
  });
});
