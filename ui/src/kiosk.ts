// The parts of the screen's state, made in main.ts and handed to the components by context.
import { createContext } from 'svelte';
import type { Access } from './state/access.svelte.ts';
import type { Announcements } from './state/announcements.svelte.ts';
import type { Commands } from './state/commands.svelte.ts';
import type { Connection } from './state/connection.svelte.ts';
import type { Intake } from './state/intake.svelte.ts';
import type { Jobs } from './state/jobs.svelte.ts';
import type { Models } from './state/models.svelte.ts';
import type { Operator } from './state/operator.svelte.ts';
import type { Pushed } from './state/pushed.svelte.ts';
import type { Question } from './state/question.svelte.ts';
import type { Route } from './state/route.svelte.ts';
import type { Saver } from './state/saver.svelte.ts';
import type { Theme } from './state/theme.svelte.ts';
import type { ToolTitles } from './state/tool-titles.svelte.ts';
import type { Uploads } from './state/uploads.svelte.ts';
import type { Appliance } from './wire/appliance.ts';
import type { Language } from './words/language.svelte.ts';

export interface Kiosk {
  readonly access: Access;
  readonly announcements: Announcements;
  readonly appliance: Appliance;
  readonly commands: Commands;
  readonly connection: Connection;
  /** Files that were chosen and not sent yet. */
  readonly intake: Intake;
  readonly jobs: Jobs;
  readonly language: Language;
  readonly models: Models;
  readonly operator: Operator;
  readonly pushed: Pushed;
  readonly question: Question;
  readonly route: Route;
  readonly saver: Saver;
  readonly theme: Theme;
  readonly toolTitles: ToolTitles;
  /** Videos on their way; they go on whichever screen is shown. */
  readonly uploads: Uploads;
}

export const [getKiosk, setKiosk] = createContext<Kiosk>();
