// vedette.example.yaml says what every setting is when nobody sets it, so it must agree with the daemon.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readConfig } from '../../appliance/daemon/config.ts';

const example = fileURLToPath(new URL('../../vedette.example.yaml', import.meta.url));

it('has the defaults, so that copying it whole changes nothing', () => {
  const none = readConfig({ VEDETTE_CONFIG: '/dev/null' });
  const { layers, ...settings } = readConfig({ VEDETTE_CONFIG: example });
  expect({ ...settings, layers: none.layers }).toEqual({ ...none, file: example });
  expect(layers).toMatchObject({ kiosk: {}, variables: [] });
});

it('names every setting', () => {
  const text = readFileSync(example, 'utf8');
  for (const [name, value] of Object.entries(readConfig({ VEDETTE_CONFIG: '/dev/null' }))) {
    // What systemd says is no setting, nor are pipelines.yaml and where the settings are and come from.
    if (['supervisor', 'file', 'fromVariables', 'layers', 'kioskBroken', 'book'].includes(name)) continue;
    expect(text).toMatch(new RegExp(`^(# )?${name}:`, 'm'));
    if (typeof value !== 'object' || Array.isArray(value) || value === null) continue;
    for (const inner of Object.keys(value)) expect(text).toMatch(new RegExp(`^  (# )?${inner}:`, 'm'));
  }
});
