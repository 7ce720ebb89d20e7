// What the appliance answers to the submit screen, under a test's control.
import type { Page } from 'playwright-core';
import type { ImportCopy, ImportEntry, Imports } from '../../appliance/contract/import-api.ts';
import type { ModelSight, ModelView } from '../../appliance/contract/model-api.ts';
import type { PipelineView } from '../../appliance/contract/pipeline-api.ts';
import type { PluginView } from '../../appliance/contract/plugin-api.ts';
import type { PluginManifest, ToolManifest } from '../../appliance/contract/plugins.ts';
import { busy } from './busy-day.ts';
import { jobId } from './job-item.ts';
import type { GivenAnswer, GivenRequest, KioskServer } from './kiosk-server.ts';

const classes = [
  ...['person', 'bicycle', 'car', 'motorcycle', 'bus', 'truck', 'dog', 'cat', 'horse', 'backpack', 'umbrella'],
  ...['handbag', 'bottle', 'cup', 'chair', 'laptop', 'cell phone', 'sports ball'],
];

function model(name: string, in_use: boolean, names: readonly string[]): ModelView {
  const input = { inputWidth: 640, inputHeight: 640, stride: 32, threads: 2, task: 'detect', layout: 'boxes' };
  const card = {
    name,
    sha256: 'ab'.repeat(32),
    provider: 'cpu' as const,
    input: 'images',
    classes: [...names],
    ...input,
  };
  const settings = { confidence: 0.25, iou: 0.7, classes: null, aliases: {} };
  const state = { state: 'usable' as const, reason: null, origin: 'folder' as const };
  return { name, in_use, ...state, size_bytes: 12e6, card, settings };
}

const sight: ModelSight = {
  model: 'yolov8n',
  provider: 'cpu',
  width: 1280,
  height: 720,
  ms: 42,
  objects: [
    { box: [120, 200, 380, 690], class: 'person', class_id: 0, confidence: 0.91, track_id: null },
    { box: [500, 230, 700, 680], class: 'person', class_id: 0, confidence: 0.64, track_id: null },
    { box: [760, 380, 1200, 640], class: 'car', class_id: 2, confidence: 0.55, track_id: null },
    { box: [40, 420, 110, 560], class: 'bottle', class_id: 12, confidence: 0.18, track_id: null },
  ],
};

export function pluginView(name: string, changes: Partial<PluginView> = {}): PluginView {
  return {
    ...{ name, state: 'ready', description: '', reason: null, version: '1.2.0', uptime_seconds: 4000, last_used: null },
    ...{ success_count: 0, error_count: 0, last_execution_time_ms: null, avg_execution_time_ms: null },
    ...changes,
  };
}

function tool(id: string, title: string, description: string, changes: Partial<ToolManifest> = {}): ToolManifest {
  const kinds = { input_types: ['video' as const], output_types: ['video_detections'], capabilities: [] };
  return { id, title, description, inputs: {}, outputs: {}, ...kinds, ...changes };
}

const sureThings: PluginManifest = {
  ...{ id: 'sure-things', name: 'Sure things', version: '1.2.0', description: '', type: 'outside', author: '' },
  ...{ license: '', capabilities: [] },
  tools: [
    tool('sure', 'Sure things only', 'Keeps what the model is nearly certain of.'),
    tool('largest', 'Largest object', 'Keeps the largest thing of every frame.'),
    tool('still', 'Sure things of a picture', 'The same for one picture.', { input_types: ['image_bytes'] }),
  ],
};

const stages: PipelineView['stages'] = [
  ...[
    { stage: 'downloading' as const, weight: 10 },
    { stage: 'probing' as const, weight: 2 },
  ],
  ...[
    { stage: 'analyzing' as const, weight: 68 },
    { stage: 'annotating' as const, weight: 5 },
  ],
  ...[
    { stage: 'clipping' as const, weight: 5 },
    { stage: 'packaging' as const, weight: 2 },
  ],
  { stage: 'delivering', weight: 8 },
];
const rule = { min_confidence: 0.5, min_duration_s: 1, max_gap_s: 1, pre_roll_s: 2, post_roll_s: 2 };
const pipelines: PipelineView[] = [
  {
    ...{ name: 'gate', description: 'Who came to the gate', stages, plugin_id: 'yolo-tracker', tools: ['track'] },
    clips: [{ ...rule, class: 'person' }],
    delivers_to: [{ target: 'nas', kind: 'folder', place: '/mnt/nas/<job_id>' }],
  },
  {
    ...{ name: 'archive', description: '', plugin_id: null, tools: [], clips: [], delivers_to: [] },
    stages: stages.filter(({ stage }) => stage === 'probing' || stage === 'analyzing' || stage === 'packaging'),
  },
];

/** Two pipelines, a plugin from outside, and one that is broken. */
export function prepareMore(server: KioskServer): void {
  const broken = pluginView('wicked', { state: 'broken', reason: 'index.js exports no plugin' });
  Object.assign(server.routes, {
    'GET /v1/pipelines': () => ({ status: 200, body: { pipelines } }),
    'GET /v1/plugins': () => ({ status: 200, body: [pluginView('yolo-tracker'), pluginView('sure-things'), broken] }),
    'GET /v1/plugins/sure-things/manifest': () => ({ status: 200, body: sureThings }),
  } satisfies KioskServer['routes']);
}

export function copy(number: number, changes: Partial<ImportCopy> = {}): ImportCopy {
  const place = { folder: 'stick', path: `day/gate-${number}.mp4`, bytes: 2e9, copied_bytes: 0 };
  return { id: jobId(number), ...place, state: 'waiting', error: null, job_id: null, ...changes };
}

function entry(name: string, kind: ImportEntry['kind']): ImportEntry {
  return { name, kind, bytes: kind === 'video' ? 1.4e9 : 0, modified_at: '2026-05-12T08:00:00Z' };
}

/** The request that the appliance has not answered yet; `answer` does. */
export interface Held {
  readonly request: GivenRequest;
  readonly answer: (given: GivenAnswer) => void;
}

/** A day's work, two models, a stick; uploads come in and are answered when the test says so. */
export function prepareSubmit(server: KioskServer): { readonly uploads: Held[]; readonly orders: GivenRequest[] } {
  busy(server);
  const [uploads, orders]: [Held[], GivenRequest[]] = [[], []];
  const imports: Imports = {
    folders: [
      { name: 'stick', available: true },
      { name: 'recorder', available: false },
      { name: 'archive', available: true },
    ],
    copies: [],
  };
  const hold = (request: GivenRequest): Promise<GivenAnswer> =>
    new Promise((resolve) => uploads.push({ request, answer: resolve }));
  Object.assign(server.routes, {
    'GET /v1/models': () => ({
      status: 200,
      body: {
        models: [model('balls-3', false, ['ball', 'goal']), model('yolov8n', true, classes)],
        ladder: { runtime: null, refused: [] },
      },
    }),
    'POST /v1/models/yolov8n/check': () => ({ status: 200, body: sight }),
    'GET /v1/imports': () => ({ status: 200, body: imports }),
    'GET /v1/imports/stick/files': ({ query }: GivenRequest) => ({
      status: 200,
      body: {
        path: query.get('path') ?? '',
        entries:
          query.get('path') === 'day'
            ? [1, 2, 3].map((n) => entry(`gate-${n}.mp4`, 'video'))
            : [entry('day', 'folder'), entry('walk.mov', 'video')],
        left_out: 0,
      },
    }),
    'GET /v1/imports/archive/files': () => ({ status: 200, body: { path: '', entries: [], left_out: 0 } }),
    'POST /v1/imports': (request: GivenRequest) => {
      orders.push(request);
      return { status: 202, body: { ...imports, copies: [copy(1, { state: 'copying', copied_bytes: 9e8 }), copy(2)] } };
    },
    'DELETE /v1/imports/*': () => ({ status: 204, body: Buffer.alloc(0) }),
    'GET /v1/system/addresses': () => ({
      status: 200,
      body: { urls: ['http://192.168.1.20:8000/', 'http://10.8.0.3:8000/'], locked: true },
    }),
    'POST /v1/image/submit': hold,
    'POST /v1/uploads': () => ({ status: 201, body: '', headers: { location: `/v1/uploads/${jobId(40)}` } }),
    'HEAD /v1/uploads/*': () => ({
      status: 200,
      body: '',
      headers: { 'upload-offset': '0', 'upload-length': '1976955' },
    }),
    'PATCH /v1/uploads/*': hold,
    'DELETE /v1/uploads/*': () => ({ status: 204, body: Buffer.alloc(0) }),
  } satisfies KioskServer['routes']);
  return { uploads, orders };
}

/** Of the upload that begins next. */
export async function metadataOf(page: Page): Promise<Record<string, string>> {
  const begun = await page.waitForRequest((request) => request.url().endsWith('/v1/uploads'));
  const metadata = begun.headers()['upload-metadata'] ?? '';
  const told = metadata.split(',').map((pair) => pair.split(' ').map((text, at) => (at === 0 ? text : atob(text))));
  return Object.fromEntries(told) as Record<string, string>;
}
