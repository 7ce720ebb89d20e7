// Compiles the screen's messages, ICU MessageFormat in JSON, into functions: `virtual:messages/de` is all of one language.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type MessageFormats from '@messageformat/core';
import type compileModules from '@messageformat/core/lib/compile-module.js';
import type { Plugin } from 'vite';

const require = createRequire(import.meta.url);
const MessageFormat = require('@messageformat/core') as typeof MessageFormats.default;
const compileModule = require('@messageformat/core/lib/compile-module.js') as typeof compileModules.default;

const prefix = 'virtual:messages/';
const folder = join(import.meta.dirname, 'src/messages');

/** Each area of the screen has a folder, each language a file in it; a message is known as `area.key`. */
export function messages(): Plugin {
  return {
    name: 'vedette-messages',
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) return undefined;
      const locale = id.slice(prefix.length + 1);
      const texts = readAll(locale, (file) => this.addWatchFile(file));
      const compiled = compileModule(new MessageFormat(locale), Object.fromEntries(texts));
      return compiled.replace(/^export default /m, 'export const messages = ');
    },
  };
}

function readAll(locale: string, watch: (file: string) => void): [string, string][] {
  return readdirSync(folder).flatMap((area) => {
    const file = join(folder, area, `${locale}.json`);
    watch(file);
    const read = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    return Object.entries(read).map(([key, text]): [string, string] => [`${area}.${key}`, text]);
  });
}
