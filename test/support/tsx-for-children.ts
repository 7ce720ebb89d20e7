// Processes that a test forks inherit Node's arguments: those whose program is TypeScript compile what they load. The test's
// own needs no second compiler beside vitest's, which costs a third of a second, and neither does a compiled one.
const compiler = JSON.stringify(import.meta.resolve('tsx'));
const where = `if (process.argv[1]?.endsWith('.ts')) await import(${compiler});`;

process.execArgv.push('--import', `data:text/javascript,${encodeURIComponent(where)}`);
