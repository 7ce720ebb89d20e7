// Builds the kiosk into ui/dist. Nothing is inlined, so that the page runs under a CSP without 'unsafe-inline'.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['es2022', 'chrome100', 'firefox100', 'safari15.4'],
  },
});
