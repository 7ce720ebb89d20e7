// Folders with plugins from outside, as their makers would bring them: compiled, with their copy of the file of types.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const api = fileURLToPath(new URL('../../appliance/worker/tools/plugin-api.ts', import.meta.url));
const sources = fileURLToPath(new URL('plugins/', import.meta.url));

/** That of `test/support/plugins/` with this name, in this folder. */
export function writePlugin(name: 'largest-object' | 'wicked', folder: string): string {
  const source = readFileSync(join(sources, name, 'index.ts'), 'utf8');
  return writeFiles(folder, {
    'package.json': '{"type":"module","exports":"./index.js"}',
    'index.js': compiled(source).replace(/'[./]+appliance\/worker\/tools\/plugin-api\.ts'/, "'./plugin-api.js'"),
    'plugin-api.js': compiled(readFileSync(api, 'utf8')),
  });
}

/** One that is written in the test, as JavaScript. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function compiled(source: string): string {
  const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return ts.transpileModule(source, { compilerOptions: options }).outputText;
}
