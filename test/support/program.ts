// How a test starts a program of the product: from the sources, or, where a build has just been made, from that.
import { fileURLToPath } from 'node:url';

interface Program {
  readonly entry: string;
  /** Node's own arguments, which belong in front of the entry. */
  readonly execArgv: readonly string[];
}

/** Set by what builds first (`scripts/test`, `npm test`): compiling in every process is half of what the tests cost. */
// eslint-disable-next-line no-restricted-properties -- a switch of the tests, no setting of the product
export const built = process.env['VEDETTE_TEST_BUILD'] === 'dist';

/** `name`: below `appliance/` and without its extension, such as `daemon/main`. */
export function program(name: string): Program {
  return built
    ? { entry: inCheckout(`dist/${name}.js`), execArgv: [] }
    : { entry: inCheckout(`appliance/${name}.ts`), execArgv: ['--import', 'tsx'] };
}

function inCheckout(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
