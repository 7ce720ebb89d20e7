// Opens the screen: makes its parts, hands them to the components, and ties them to this browser tab.
import { mount } from 'svelte';
import { io } from 'socket.io-client';
import App from './App.svelte';
import type { Kiosk } from './kiosk.ts';
import { Access } from './state/access.svelte.ts';
import { Announcements } from './state/announcements.svelte.ts';
import { Commands } from './state/commands.svelte.ts';
import { Connection, type PushSocket } from './state/connection.svelte.ts';
import { Jobs } from './state/jobs.svelte.ts';
import { Models } from './state/models.svelte.ts';
import { Question } from './state/question.svelte.ts';
import { Theme } from './state/theme.svelte.ts';
import { Uploads } from './state/uploads.svelte.ts';
import { connectionLooks, statusLooks } from './words/looks.ts';
import { keyOf } from './wire/address.ts';
import { Appliance } from './wire/appliance.ts';
import { saveBlob } from './wire/save-blob.ts';
import { sendFileTo } from './wire/send-file.ts';

const { origin } = location;
const access = new Access(localStorage);
const brought = keyOf(location.hash);
if (brought !== null) {
  access.give(brought);
  // A key does not belong into the history of the browser.
  history.replaceState(null, '', location.pathname + location.search);
}

const announcements = new Announcements();
const jobs = new Jobs({ onStatus: (job) => announcements.say(`${job.source_name}: ${statusLooks[job.status].word}`) });
const appliance = new Appliance(origin, access);
const question = new Question();
const commands = new Commands({ appliance, jobs, question, save: saveBlob });
const theme = new Theme(localStorage);
const uploads = new Uploads({
  send: sendFileTo(origin, access, 'video'),
  now: () => performance.now(),
  onAccepted: (file) => announcements.say(`${file.name} has arrived`),
  onRefused: (_file, { status }) => {
    if (status === 401) access.refuse();
  },
});

const models = new Models({
  appliance,
  question,
  say: (text) => announcements.say(text),
  uploads: (heard) =>
    new Uploads({
      send: sendFileTo(origin, access, 'model'),
      now: () => performance.now(),
      onAccepted: heard,
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
  onState: (state) => announcements.say(connectionLooks[state].sentence ?? connectionLooks[state].word),
});

const prefersLight = matchMedia('(prefers-color-scheme: light)');
const followDevice = (): void => theme.prefer(prefersLight.matches ? 'light' : 'dark');
prefersLight.addEventListener('change', followDevice);
followDevice();

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') connection.wake();
});
addEventListener('online', () => connection.wake());

connection.open();

const target = document.getElementById('kiosk');
if (!target) throw new Error('index.html lacks the element #kiosk');
const kiosk: Kiosk = { access, announcements, commands, connection, jobs, models, question, theme, uploads };
mount(App, { target, props: { kiosk } });
