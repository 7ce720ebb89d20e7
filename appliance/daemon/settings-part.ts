// What is set on the kiosk, above the settings that the daemon was started with.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import { KioskSettings } from './settings/kiosk-settings.ts';

export function openKioskSettings({ data, layers, kioskBroken }: Config, log: Log): Promise<KioskSettings> {
  return KioskSettings.open({ data, layers, broken: kioskBroken, log });
}
