// What is set of the appliance on the kiosk.
import { SettingsChange, type SettingView, SettingsView } from '../../contract/settings-api.ts';
import { json } from './answer.ts';
import { readJson } from './json-body.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';
import { stored } from './storage-fault.ts';

interface SettingsDesk {
  view(): SettingView[];
  /** On the disk when it returns. Throws Fault 'setting-refused'. */
  change(change: SettingsChange): Promise<void>;
}

export interface SettingsRoutesOptions {
  readonly settings: SettingsDesk;
  /** True where operator functions ask pages for a PIN. */
  readonly pin: () => boolean;
}

export function settingsRoutes({ settings, pin }: SettingsRoutesOptions): Route[] {
  const view = (): SettingsView => ({ settings: settings.view(), pin: pin() });
  return [
    route({
      method: 'GET',
      path: '/v1/settings',
      summary: 'What can be set on the kiosk, and what stands',
      answers: { 200: { description: 'All of them', schema: SettingsView } },
      handle: () => json(view()),
    }),
    route({
      method: 'PATCH',
      path: '/v1/settings',
      summary: 'Set some, or go back to what vedette.yaml says; all of it or nothing',
      operator: true,
      body: { type: 'application/json', schema: SettingsChange },
      answers: {
        200: { description: 'All of them', schema: SettingsView },
        400: { description: 'One does not fit, or a variable says otherwise', schema: Detail },
        503: { description: 'It cannot be stored', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: async ({ body }) => {
        await stored(settings.change(await readJson(body, SettingsChange)));
        return json(view());
      },
    }),
  ];
}
