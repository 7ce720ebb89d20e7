// Puts the licence texts of the fonts beside the built screen, as those licences ask for.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const fonts = ['ibm-plex-sans', 'noto-sans-arabic', 'noto-sans-sc'];

export function fontLicences(): Plugin {
  const { resolve } = createRequire(import.meta.url);
  return {
    name: 'vedette-font-licences',
    generateBundle() {
      for (const font of fonts) {
        const source = readFileSync(resolve(`@fontsource-variable/${font}/LICENSE`));
        this.emitFile({ type: 'asset', fileName: `licences/${font}.txt`, source });
      }
    },
  };
}
