// Opens the screen: makes its parts, hands them to the components, and ties them to this browser tab.
import { mount } from 'svelte';
import { io } from 'socket.io-client';
import App from './App.svelte';
import type { Kiosk } from './kiosk.ts';
import { Access } from './state/access.svelte.ts';
import { Announcements } from './state/announcements.svelte.ts';
import { Commands } from './state/commands.svelte.ts';
import { Connection, type PushSocket } from './state/connection.svelte.ts';
import { Intake } from './state/intake.svelte.ts';
import { Jobs } from './state/jobs.svelte.ts';
import { Models } from './state/models.svelte.ts';
import { Operator } from './state/operator.svelte.ts';
import { Pushed } from './state/pushed.svelte.ts';
import { Question } from './state/question.svelte.ts';
import { Route } from './state/route.svelte.ts';
import { Saver } from './state/saver.svelte.ts';
import { Theme } from './state/theme.svelte.ts';
import { ToolTitles } from './state/tool-titles.svelte.ts';
import { Uploads } from './state/uploads.svelte.ts';
import { connectionLooks, statusLooks } from './words/looks.ts';
import { Language } from './words/language.svelte.ts';
import { loadMessages } from './words/load-messages.ts';
import { keyOf } from './wire/address.ts';
import { Appliance } from './wire/appliance.ts';
import { Refusal } from './wire/requests.ts';
import { saveBlob } from './wire/save-blob.ts';
import { carryTo } from './wire/send-resumable.ts';
import { sendModelTo } from './wire/send-model.ts';

const { origin } = location;
const access = new Access(localStorage);
function takeKey(): void {
  const brought = keyOf(location.hash);
  if (brought === null) return;
  // A key does not belong into the history of the browser.
  history.replaceState(null, '', location.pathname + location.search);
  access.give(brought);
}
takeKey();
addEventListener('hashchange', takeKey);

const language = await Language.open({ store: localStorage, preferred: navigator.languages, load: loadMessages });
const { t } = language;
const announcements = new Announcements();
const pushed = new Pushed();
const jobs = new Jobs({
  onStatus: ({ job_id, source_name, status }) => {
    announcements.say(t('shell.job-news', { name: source_name, status: t(statusLooks[status].word) }));
    if (status !== 'running') pushed.dropPreview(job_id);
  },
});
const operator = new Operator();
const appliance = new Appliance(origin, access, operator);
const question = new Question();
const commands = new Commands({ appliance, jobs, language, question, save: saveBlob });
const theme = new Theme(localStorage);
const toolTitles = new ToolTitles({ appliance, language });
const saver = new Saver(localStorage);
saver.watch(globalThis);
const route = new Route(globalThis);
const intake = new Intake();
const uploads = new Uploads({
  send: carryTo(origin, access),
  now: () => performance.now(),
  onAccepted: (file) => announcements.say(t('shell.arrived', { name: file.name })),
  onRefused: (_file, { status }) => {
    if (status === 401) access.refuse();
  },
});

const models = new Models({
  appliance,
  uploads: (onAccepted) =>
    new Uploads({
      send: sendModelTo(origin, access, operator),
      now: () => performance.now(),
      onAccepted,
      onRefused: (_file, { status }) => {
        if (status === 401) access.refuse();
      },
    }),
});

const socket: PushSocket = io(origin, {
  autoConnect: false,
  // A WebSocket at once; long polling where a proxy forbids it.
  transports: ['websocket', 'polling'],
  tryAllTransports: true,
  timeout: 5000,
  reconnectionDelayMax: 5000,
  auth: (give) => give(access.key === null ? {} : { key: access.key }),
});
const connection = new Connection({
  socket,
  appliance,
  jobs,
  access,
  onState: (state) => {
    const { sentence, word } = connectionLooks[state];
    announcements.say(t(sentence ?? word));
    if (state === 'live' || state === 'polling') openSession();
    if (state === 'live') followVersion();
  },
  isVisible: () => document.visibilityState === 'visible',
  onVitals: (vitals) => pushed.addVitals(vitals),
  onImports: (copies) => (pushed.imports = copies),
  onPreview: (preview) => pushed.showPreview(preview),
  onLog: (lines) => pushed.addLines(...lines),
});

let version: string | null = null;

/** A board that nobody tends gets the new screen of an appliance that was updated, unless somebody is at work on it. */
function followVersion(): void {
  const now = connection.system?.version;
  if (now === undefined) return;
  version ??= now;
  if (now !== version && !uploads.busy && !models.uploads.busy && intake.chosen.length === 0) location.reload();
}

/** Pictures and videos cannot bring the key along: they come in by a session, which a restart of the appliance ends. */
function openSession(): void {
  if (access.key === null) return;
  appliance.openSession().then(
    () => (access.sessions += 1),
    (error: unknown) => {
      if (!(error instanceof Refusal)) throw error; // without a session the screen asks for the bytes itself
    },
  );
}

const [prefersLight, prefersContrast] = [
  matchMedia('(prefers-color-scheme: light)'),
  matchMedia('(prefers-contrast: more)'),
];
const followDevice = (): void =>
  theme.prefer(prefersContrast.matches ? 'contrast' : prefersLight.matches ? 'light' : 'dark');
for (const query of [prefersLight, prefersContrast]) query.addEventListener('change', followDevice);
followDevice();

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') connection.wake();
  else connection.rest();
});
addEventListener('online', () => connection.wake());

connection.open();

// Elsewhere than at https or on the appliance itself browsers know none; then the page is loaded each time.
if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js').catch(() => undefined); // the same holds where it is switched off
}

const target = document.getElementById('kiosk');
if (!target) throw new Error('index.html lacks the element #kiosk');
const kiosk: Kiosk = {
  access,
  announcements,
  appliance,
  commands,
  connection,
  intake,
  jobs,
  language,
  models,
  operator,
  pushed,
  question,
  route,
  saver,
  theme,
  toolTitles,
  uploads,
};
mount(App, { target, props: { kiosk } });
