// The built kiosk in a real browser, against a server under the test's control.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { build } from 'vite';
import { expect } from 'vitest';
import { built } from '../support/program.ts';
import { KioskServer, type KioskServerOptions } from './kiosk-server.ts';

const ui = join(import.meta.dirname, '../../ui');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

interface Target {
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

export interface Visit extends Omit<KioskServerOptions, 'kiosk'> {
  readonly prepare?: (server: KioskServer) => void;
  /** Of the address, with its `#`. */
  readonly hash?: string;
  readonly device?: BrowserContextOptions;
}

/** One page on one server. */
export interface Visited {
  readonly page: Page;
  readonly server: KioskServer;
  /** Console errors and warnings, uncaught errors and CSP violations so far. */
  readonly complaints: readonly string[];
}

export class KioskBrowser {
  readonly #browser: Browser;
  readonly #folder: string;
  readonly #shots: string;
  readonly #axe: string;
  readonly #opened: (() => Promise<void>)[] = [];

  private constructor(browser: Browser, folder: string, shots: string, axe: string) {
    this.#browser = browser;
    this.#folder = folder;
    this.#shots = shots;
    this.#axe = axe;
  }

  /** Builds the kiosk, where nobody just did, and starts the browser. */
  static async open(executablePath: string): Promise<KioskBrowser> {
    const folder = built ? join(ui, 'dist') : await mkdtemp(join(tmpdir(), 'vedette-kiosk-'));
    if (!built) {
      const configFile = join(ui, 'vite.config.ts');
      await build({ root: ui, configFile, logLevel: 'error', build: { outDir: folder } });
    }
    const shots = join(tmpdir(), 'vedette-screens');
    await mkdir(shots, { recursive: true });
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    return new KioskBrowser(await chromium.launch({ executablePath, args: flags }), folder, shots, axe);
  }

  async close(): Promise<void> {
    await this.leave();
    await this.#browser.close();
    if (!built) await rm(this.#folder, { recursive: true });
  }

  /** A fresh profile on a fresh server. */
  async visit({ prepare, hash = '', device = {}, ...options }: Visit = {}): Promise<Visited> {
    const server = new KioskServer({ kiosk: this.#folder, ...options });
    prepare?.(server);
    const origin = await server.listen();
    this.#opened.push(() => server.close());
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: 'dark',
      ...device,
    });
    this.#opened.push(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${origin}/${hash}`);
    return { page, server, complaints };
  }

  /** Ends every visit. */
  async leave(): Promise<void> {
    for (const close of this.#opened.splice(0).reverse()) await close();
  }

  /** Kept in `vedette-screens` of the temporary folder, for people to look at; not where the whole suite runs. */
  async shoot(page: Page, name: string, fullPage = false): Promise<void> {
    if (built) return;
    await page.screenshot({ path: join(this.#shots, `${name}.png`), fullPage });
  }

  async expectAccessible(page: Page): Promise<void> {
    if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(this.#axe);
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    // All that costs time and is not looked at here is left out.
    const options = { runOnly, resultTypes: ['violations'], selectors: false };
    const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  }
}

/** Everything that can be pressed is at least 48 px wide and high. */
export async function expectTouchable(page: Page): Promise<void> {
  for (const { name, width, height } of await page.evaluate<Target[]>(targets)) {
    expect(Math.round(width), `width of "${name}"`).toBeGreaterThanOrEqual(48);
    expect(Math.round(height), `height of "${name}"`).toBeGreaterThanOrEqual(48);
  }
}

/** All that are visible, asked for at once: each of its own is a way to the browser and back. */
const targets = `[...document.querySelectorAll('button, a, input')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one) => ({ name: one.innerText, box: one.getBoundingClientRect() }))
  .map(({ name, box }) => ({ name, width: box.width, height: box.height }))
  .filter(({ width, height }) => width > 0 && height > 0)`;

/** The header's word for a connection by push. */
export function live(page: Page): Locator {
  return page.getByRole('banner').getByText('Live', { exact: true });
}
