// `npm run test:faults`: the whole matrix of faults, then the table. `-- --write` puts it into README.md beside this file.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { faultTable, forgetFaults } from './table.ts';

const readme = 'test/faults/README.md';
const args = process.argv.slice(2);
const write = args.includes('--write');

forgetFaults();
const { status } = spawnSync('node_modules/.bin/vitest', ['run', '--no-file-parallelism', ...chosen()], {
  stdio: 'inherit',
  // eslint-disable-next-line no-restricted-properties -- passed on to the tests
  env: { ...process.env, VEDETTE_FAULTS: 'whole', VEDETTE_TEST_BUILD: 'dist' },
});
const table = faultTable();
process.stdout.write(`\n${table}\n`);
if (write && status === 0) {
  const text = readFileSync(readme, 'utf8');
  const [day] = new Date().toISOString().split('T');
  const section = `<!-- table -->\n\nLast run: ${day ?? ''}.\n\n${table}\n\n<!-- end of table -->`;
  writeFileSync(readme, text.replace(/<!-- table -->[^]*<!-- end of table -->/, section));
}
process.exit(status ?? 1);

/** Paths and options given to the command; all faults without any. */
function chosen(): string[] {
  const given = args.filter((arg) => arg !== '--write');
  return given.length > 0 ? given : ['test/faults'];
}
