// A vitest reporter: lists what was skipped and why, and leaves the count of what really ran for scripts/test to print last.
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

const folder = 'node_modules/.vedette';

// eslint-disable-next-line no-restricted-syntax -- vitest takes a reporter file's default export
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    for (const test of tests) {
      if (stateOf(test) === 'skipped') process.stdout.write(`skipped: ${test.fullName} (${reasonOf(test)})\n`);
    }
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/tally`, `${tallyLine(tests, brokenModules(modules), errors.length)}\n`);
  }
}

/** A file that could not be loaded, or a suite whose hooks failed, counts as one failure beside the tests it kept from running. */
function brokenModules(modules: readonly TestModule[]): number {
  return modules.filter((module) => module.errors().length > 0).length;
}

function tallyLine(tests: readonly TestCase[], broken: number, loose: number): string {
  const count = (state: string) => tests.filter((test) => stateOf(test) === state).length;
  // A pending test is one that the run ended before: it did not pass.
  const failed = count('failed') + count('pending') + broken + loose;
  const skipped = count('skipped');
  return `${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function stateOf(test: TestCase): string {
  return test.result().state;
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note ?? 'see its file for the condition';
}
