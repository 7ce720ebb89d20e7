// The kiosk's files: read and compressed once, each behind its own exact path, so that no other file can be asked for.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { lookup } from 'mrmime';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { type Answer, text } from './answer.ts';
import type { Route } from './route.ts';

/** A kiosk build is a few hundred kilobytes; more than this is some other folder. */
const mostBytes = 32 * 1024 * 1024;
const smallestCompressed = 1024;

const pagePolicy = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "style-src 'self'",
  "script-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

interface Version {
  readonly encoding: 'br' | 'gzip' | null;
  readonly content: Buffer;
  readonly etag: string;
}

/** One route for each file of the build in `dir`; without a build, `/` says how to make it. */
export async function kioskRoutes(dir: string): Promise<Route[]> {
  const paths = await listFiles(dir);
  if (!paths.includes('index.html')) return [pageRoute('/', () => text(howToBuild, plainText, { status: 503 }))];
  let bytes = 0;
  const routes: Route[] = [];
  for (const path of paths) {
    const content = await readFile(join(dir, path));
    bytes += content.length;
    if (bytes > mostBytes) throw new Fault('config-invalid', `The kiosk's folder holds more than ${mostBytes} bytes`);
    const serve = fileHandler(path, await versionsOf(path, content));
    routes.push(pageRoute(`/${path}`, serve));
    if (path === 'index.html') routes.push(pageRoute('/', serve));
  }
  return routes;
}

const plainText = 'text/plain; charset=utf-8';
const howToBuild = 'The kiosk is not built yet. Build it with `npm run build:ui` and restart the daemon.\n';

function pageRoute(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path, summary: 'Kiosk', open: true, hidden: true, answers: {}, handle };
}

function fileHandler(path: string, versions: readonly Version[]): Route['handle'] {
  const type = contentType(path);
  const headers = {
    'Cache-Control': isHashed(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    Vary: 'Accept-Encoding',
    ...(type.startsWith('text/html') ? { 'Content-Security-Policy': pagePolicy } : {}),
  };
  return ({ header }): Answer => {
    const accepted = header('accept-encoding');
    const version = versions.find(({ encoding }) => encoding === null || accepts(accepted, encoding));
    if (!version) throw new Error(`no version of ${path} without encoding`);
    const encoding = version.encoding === null ? {} : { 'Content-Encoding': version.encoding };
    return text(version.content, type, { headers: { ...headers, ...encoding }, etag: version.etag });
  };
}

/** Smallest first, the plain one last. */
async function versionsOf(path: string, content: Buffer): Promise<Version[]> {
  const tag = createHash('sha256').update(content).digest('base64url').slice(0, 22);
  const plain: Version = { encoding: null, content, etag: `"${tag}"` };
  if (content.length < smallestCompressed || isPacked(path)) return [plain];
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
    promisify(gzip)(content, { level: 9 }),
  ]);
  const packed: Version[] = [
    { encoding: 'br', content: br, etag: `"${tag}-br"` },
    { encoding: 'gzip', content: gz, etag: `"${tag}-gzip"` },
  ];
  return [...packed.filter((version) => version.content.length < content.length * 0.9), plain];
}

/** Trying to pack the fonts of five scripts once more would take seconds of every start. */
function isPacked(path: string): boolean {
  return /\.(woff2|png|jpe?g|webp)$/.test(path);
}

function accepts(accepted: string, encoding: string): boolean {
  return accepted.split(',').some((entry) => {
    const [name = '', ...parameters] = entry.split(';').map((piece) => piece.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Vite writes `name-<8 characters of hash>.ext` into `assets/`. */
function isHashed(path: string): boolean {
  return /^assets\/.+-[\w-]{8}\.\w+$/.test(path);
}

function contentType(path: string): string {
  const type = lookup(extname(path)) ?? 'application/octet-stream';
  return /^text\/|javascript|json|svg/.test(type) ? `${type}; charset=utf-8` : type;
}

async function listFiles(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => join(entry.parentPath, entry.name).slice(join(dir, '/').length)).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
