// Builds the kiosk into ui/dist. Nothing is inlined, so that the page runs under a CSP without 'unsafe-inline'.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { fontLicences } from './licences-plugin.ts';
import { messages } from './messages-plugin.ts';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [messages(), fontLicences(), svelte({ configFile: false })],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['es2022', 'chrome100', 'firefox100', 'safari15.4'],
  },
});
