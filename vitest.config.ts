import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { messages } from './ui/messages-plugin.ts';

/** Those that measure how soon something happens or what it takes, or break what others stand on. */
const alone = [
  'test/faults/{broker,clients,confinement,disk,hostile,shutdown}.test.ts',
  'test/jobs/survival.test.ts',
  'test/publish/**/*.test.ts',
  'test/serve/{imports,pin,upload,upload-memory}.test.ts',
];

export default defineConfig({
  plugins: [messages(), svelte()],
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Two at a time; those that have to be alone one by one, last.
    projects: [
      {
        extends: true,
        test: { name: 'calm', include: ['test/**/*.test.ts'], exclude: alone, sequence: { groupOrder: 0 } },
      },
      { extends: true, test: { name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    execArgv: ['--import', 'tsx'],
    restoreMocks: true,
    // What has to come sooner, however busy the machine is, says so itself.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
