import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { messages } from './ui/messages-plugin.ts';

/** Those that measure how soon something happens or what it takes, or break what others stand on. */
const alone = [
  'test/faults/{broker,clients,confinement,disk,hostile,shutdown}.test.ts',
  'test/jobs/survival.test.ts',
  'test/publish/{broker,home-assistant,live,mqtt*}.test.ts',
  'test/serve/{imports,pin,upload,upload-memory}.test.ts',
];

export default defineConfig({
  plugins: [messages(), svelte()],
  test: {
    pool: 'forks',
    // Three at a time on two cores, since each waits for a part of its time; those that have to be alone one by one, last.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: { name: 'calm', include: ['test/**/*.test.ts'], exclude: alone, sequence: { groupOrder: 0 } },
      },
      { extends: true, test: { name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    globalSetup: ['test/support/compile-workers.ts'],
    setupFiles: ['test/support/tsx-for-children.ts'],
    sequence: { sequencer: LongestFirst },
    restoreMocks: true,
    // What has to come sooner, however busy the machine is, says so itself.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
