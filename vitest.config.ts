import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const calm = ['cli', 'daemon', 'models', 'record', 'results', 'scripts', 'storage', 'systemd', 'worker'].map(
  (room) => `test/${room}/**/*.test.ts`,
);

export default defineConfig({
  plugins: [svelte()],
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Two at a time, but for those that measure how soon something happens, or break what others stand on: one by one, last.
    projects: [
      { extends: true, test: { name: 'calm', include: calm, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: calm,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    execArgv: ['--import', 'tsx'],
    restoreMocks: true,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
