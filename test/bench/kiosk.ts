// The budget of the page: what is loaded, how soon it can be used on a slow processor, and what holds it up.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '../ui/find-chromium.ts';
import { Appliance } from './appliance.ts';
import { atMost, type Figure, runs, told } from './figures.ts';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
/** A Jetson Orin Nano's core takes about three times as long for such work as one of a desktop. */
const slowdown = 3;
const watchedMs = 5000;

interface Visit {
  readonly firstPaint: number;
  readonly usable: number;
  readonly longest: number;
}

export async function* kiosk(folder: string, video: string): AsyncGenerator<Figure, void, undefined> {
  yield* await bundle(folder);
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no chromium or google-chrome in PATH');
  const appliance = await Appliance.start();
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    await appliance.run(video); // something to show
    const visits: Visit[] = [];
    for (let run = 0; run < runs; run++) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      visits.push(await visit(page, appliance.url));
      await page.context().close();
    }
    const of = (name: keyof Visit) => visits.map((one) => one[name]);
    const where = `this processor slowed ${slowdown} times`;
    yield atMost(`kiosk: first paint, ${where}`, of('firstPaint'), 1000, 'ms');
    yield atMost(`kiosk: live and usable, ${where}`, of('usable'), 1000, 'ms');
    yield told(`kiosk: longest task in ${watchedMs / 1000} s, ${where}`, of('longest'), 'ms', 0);
  } finally {
    await browser.close();
    await appliance.stop();
  }
}

async function visit(page: Page, url: string): Promise<Visit> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  await page.addInitScript(`
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    }).observe({ type: 'longtask', buffered: true });`);
  await page.goto(`${url}/`, { waitUntil: 'commit' });
  await page.getByRole('banner').getByText('Live', { exact: true }).waitFor();
  const usable = await page.evaluate<number>('performance.now()');
  const firstPaint = await page.evaluate<number>(
    `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN`,
  );
  await page.waitForTimeout(watchedMs);
  return { firstPaint, usable, longest: await page.evaluate<number>('longest') };
}

/** `start`: what the first screen loads, in English; `all`: with every screen. Fonts are told apart: they are no code. */
async function bundle(folder: string): Promise<Figure[]> {
  const assets = join(folder, 'assets');
  const names = await readdir(assets);
  const sizes = new Map<string, number>();
  for (const name of names) sizes.set(name, gzipSync(await readFile(join(assets, name))).length / 1024);
  const sum = (wanted: readonly string[]) => wanted.reduce((all, name) => all + (sizes.get(name) ?? 0), 0);
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  const first = names.filter((name) => page.includes(name) || /^en-.*\.js$/.test(name));
  const code = names.filter((name) => /\.(js|css)$/.test(name) && !/^(de|es|zh|ar|wght)-/.test(name));
  const latin = names.filter((name) => /^ibm-plex-sans-latin-wght/.test(name));
  return [
    atMost('kiosk: first screen, gzip', [sum(first)], 120, 'KB'),
    atMost('kiosk: all screens in one language, gzip', [sum(code)], 150, 'KB'),
    told('kiosk: the font of Latin scripts', [sum(latin)], 'KB', 0),
  ];
}
