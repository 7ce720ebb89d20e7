// Keeps the screen's own files on the device, so that it opens at once, and says what is wrong where the appliance is away.
// Nothing of the appliance's data is ever kept here.
const shell = 'vedette-shell-1';
/** Built files carry a hash of their content in their names; those of earlier releases go when there are more. */
const mostFiles = 150;
const patienceMs = 3000;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(shell)
      .then((cache) => cache.add('/'))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  const others = caches.keys().then((names) => names.filter((name) => name !== shell));
  event.waitUntil(
    others.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate' && url.pathname === '/') event.respondWith(page(request));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(file(request));
});

/** The newest there is; the kept one where the appliance does not answer in time. */
async function page(request) {
  const cache = await caches.open(shell);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(patienceMs) });
    await answer.clone().arrayBuffer(); // one that breaks off counts as none
    if (answer.ok) await cache.put('/', answer.clone()).catch(() => undefined);
    return answer;
  } catch (error) {
    const kept = await cache.match('/');
    if (kept) return kept;
    throw error;
  }
}

/** A file of that name never changes. */
async function file(request) {
  const cache = await caches.open(shell);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request, answer.clone()).catch(() => undefined); // a full device keeps nothing
    const files = (await cache.keys()).filter(({ url }) => url.includes('/assets/'));
    for (const oldest of files.slice(0, -mostFiles)) await cache.delete(oldest);
  }
  return answer;
}
