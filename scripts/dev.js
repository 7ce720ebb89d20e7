// `npm run dev`: the daemon, started anew at every change of its sources, and Vite's server for the kiosk. Both end together.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
// eslint-disable-next-line no-restricted-properties -- this is no part of the appliance; the daemon reads the same variable
const daemonUrl = `http://127.0.0.1:${process.env.VEDETTE_PORT || 8000}`;

// The daemon lets in no foreign origin, and Vite's page is one: what passes here comes from the daemon's own address.
const pass = { target: daemonUrl, changeOrigin: true, headers: { origin: daemonUrl } };

const kiosk = await createServer({
  root: `${root}/ui`,
  configFile: `${root}/ui/vite.config.ts`,
  clearScreen: false,
  server: {
    proxy: {
      '/v1/ws': { ...pass, ws: true },
      '/v1': pass,
      '/api': pass,
      '/socket.io': { ...pass, ws: true },
      '/healthz': pass,
      '/readyz': pass,
      '/openapi.json': pass,
    },
  },
});
await kiosk.listen();
kiosk.printUrls();

const daemon = spawn('node_modules/.bin/tsx', ['watch', '--clear-screen=false', 'appliance/daemon/main.ts'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  // A process group of its own: Ctrl-C would otherwise reach the daemon from the terminal, from tsx and from here.
  detached: true,
});

daemon.once('error', (error) => {
  process.stderr.write(`dev: the daemon could not be started: ${error.message}\n`);
  process.exit(1);
});
// At once: Vite's server has nothing to save, and waits for its esbuild, which the terminal's Ctrl-C has ended already.
daemon.once('exit', (code) => process.exit(process.exitCode ?? code ?? 1));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Asked a second time: no more waiting, and a whole group, since tsx would leave the daemon behind.
    if (process.exitCode === undefined) daemon.kill('SIGTERM');
    else if (daemon.pid !== undefined) process.kill(-daemon.pid, 'SIGKILL');
    process.exitCode = 0;
  });
}
