// The binding to GStreamer: its types, how it is loaded, and whether this machine's GStreamer has what the pipelines need.
import { createRequire } from 'node:module';
import { Fault } from '../../contract/fault.ts';

/** A bus message: the fields of its structure beside these. Only errors carry `message`. */
export interface BusMessage {
  readonly type: string;
  readonly name?: string;
  readonly message?: string;
  readonly debug?: string;
}

/** An element; every GObject property is a property here. Reading strings or boxed values leaks a little: never per frame. */
export interface Element {
  [property: string]: unknown;
}

export interface AppSink extends Element {
  /** Waits on a thread of libuv's pool. Null: end of stream, or the pipeline was stopped. */
  pull(callback: (packet: Buffer | null) => void): void;
}

export interface AppSrc extends Element {
  /** Copies it before it returns. `pts`: ns, 64 bits, big endian. */
  push(buffer: Uint8Array, pts?: Uint8Array): void;
}

export interface Pipeline {
  'auto-flush-bus': boolean;
  play(): void;
  stop(): void;
  /** Into every source. */
  sendEOS(): void;
  /** To whole seconds; false where any part of the pipeline refused. `flags`: GstSeekFlags. Blocks until it is done. */
  seek(seconds: number, flags: number): boolean;
  pollBus(listener: (message: BusMessage) => void): void;
  findChild(name: string): Element | undefined;
  /** Seconds, -1 where unknown. */
  queryDuration(): number;
  queryPosition(): number;
}

export interface GStreamer {
  /** Throws an Error with GStreamer's text where the launch text cannot be parsed or names a missing element. */
  readonly Pipeline: new (launchText: string) => Pipeline;
}

/** Throws Fault gstreamer-incomplete where the native binding cannot be loaded. */
export function loadGStreamer(): GStreamer {
  try {
    // ESM cannot import a .node file, and the package's main is one.
    return createRequire(import.meta.url)('gstreamer-superficial') as GStreamer;
  } catch (cause) {
    throw new Fault(
      'gstreamer-incomplete',
      'GStreamer could not be loaded. Install the packages libgstreamer1.0-0 and gstreamer1.0-plugins-base, then reinstall the appliance.',
      { cause },
    );
  }
}

/**
 * Makes sure that every element exists. `packages`: Debian package by element name.
 * Throws Fault gstreamer-incomplete that names what is missing and what to install.
 */
export function requireElements(gstreamer: GStreamer, packages: Readonly<Record<string, string>>): void {
  const missing: string[] = [];
  const present = new Set(Object.keys(packages));
  // The parser reports one missing element at a time.
  for (;;) {
    const absent = firstMissing(gstreamer, [...present]);
    if (absent === null) break;
    missing.push(absent);
    present.delete(absent);
  }
  if (missing.length === 0) return;
  const remedy = [...new Set(missing.map((element) => packages[element] ?? element))].join(' ');
  throw new Fault(
    'gstreamer-incomplete',
    `GStreamer lacks ${missing.join(', ')}. Install with: apt-get install ${remedy}`,
  );
}

function firstMissing(gstreamer: GStreamer, elements: readonly string[]): string | null {
  const [first] = elements;
  if (first === undefined) return null;
  try {
    // One more of the first: a text of a single element makes no pipeline.
    new gstreamer.Pipeline([first, ...elements].join(' '));
    return null;
  } catch (cause) {
    const absent = cause instanceof Error ? /no element "([^"]+)"/.exec(cause.message)?.[1] : undefined;
    if (absent === undefined || !elements.includes(absent)) throw cause;
    return absent;
  }
}
