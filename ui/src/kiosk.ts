// The parts of the screen's state, made in main.ts and handed to the components by context.
import { createContext } from 'svelte';
import type { Access } from './state/access.svelte.ts';
import type { Announcements } from './state/announcements.svelte.ts';
import type { Commands } from './state/commands.svelte.ts';
import type { Connection } from './state/connection.svelte.ts';
import type { Jobs } from './state/jobs.svelte.ts';
import type { Models } from './state/models.svelte.ts';
import type { Question } from './state/question.svelte.ts';
import type { Theme } from './state/theme.svelte.ts';
import type { Uploads } from './state/uploads.svelte.ts';

export interface Kiosk {
  readonly access: Access;
  readonly announcements: Announcements;
  readonly commands: Commands;
  readonly connection: Connection;
  readonly jobs: Jobs;
  readonly models: Models;
  readonly question: Question;
  readonly theme: Theme;
  readonly uploads: Uploads;
}

export const [getKiosk, setKiosk] = createContext<Kiosk>();
