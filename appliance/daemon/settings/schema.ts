// Every setting that there is, with its rule and its default.
import { z } from 'zod';
import { Provider } from '../../contract/frame.ts';
import { DownloadSettings } from './download-settings.ts';
import { MqttSettings } from './mqtt-settings.ts';
import { WebhookEvent, webhookEvents } from '../../contract/webhook-api.ts';

const Megabytes = z.number().positive();
const Seconds = z.number().positive();
/** As ONNX Runtime wants it: a text, 1 or 0 for a switch. */
const Option = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => (typeof value === 'boolean' ? String(Number(value)) : String(value)));

/** Percent signs that mean nothing are found here, and not when the login is used. */
function hasReadableLogin(url: string): boolean {
  const { username, password } = new URL(url);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false; // the mistake is told as that of the setting
  }
}

/** The settings whole, as vedette.yaml, the kiosk and the variables give them together. */
export const SettingsSchema = z.strictObject({
  /** Name of this appliance in MQTT topics and on the kiosk. */
  node: z.string().min(1).max(64),
  data: z.string().min(1),
  log: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  serve: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      /** 0 takes any free port. */
      port: z.int().min(0).max(65535).default(8000),
      /** Pages of other origins that may send commands and open sockets, such as `https://board.lan`. */
      allowed_origins: z.array(z.url()).default([]),
      max_upload_mb: Megabytes.default(20_480),
      /** Uploads are refused when the disk would fall below this. */
      disk_reserve_mb: Megabytes.default(1024),
      /** Live streams of pictures over /v1/stream at the same time. */
      max_streams: z.int().min(0).max(64).default(4),
    })
    .prefault({}),
  auth: z
    .union([
      z.literal('open'),
      z.strictObject({
        keys: z.array(
          z.strictObject({
            name: z.string().min(1),
            sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of the key, as 64 hex digits'),
          }),
        ),
      }),
    ])
    .default({ keys: [] }),
  jobs: z
    .strictObject({
      /** Jobs that run at the same time. */
      running: z.int().min(1).max(64).default(1),
      queue: z.int().min(1).default(100),
      /** A worker that brings nothing new for so long is ended. */
      stall_s: Seconds.default(60),
      /** A job that takes longer is ended; time in which it was held does not count. */
      longest_h: z.number().positive().max(590).default(24),
    })
    .prefault({}),
  worker: z
    .strictObject({
      /** Resident memory of one worker; one that takes more is ended. Null: three quarters of the machine's. */
      memory_mb: Megabytes.nullable().default(null),
      /** `auto`: as little of the machine as it lets a worker be confined to. `off`: a plain process. */
      isolation: z.enum(['auto', 'off']).default('auto'),
      /** Folder of an onnxruntime-node package to load in place of the bundled one. */
      onnxruntime: z.string().min(1).nullable().default(null),
      /** TensorRT's own options, such as `trt_fp16_enable: true`, for a binding that passes them on. */
      tensorrt_options: z
        .record(z.string().regex(/^trt_\w+$/), Option, "expected TensorRT's names, such as trt_fp16_enable")
        .default({}),
    })
    .prefault({}),
  storage: z
    .strictObject({
      /** Most that uploads and inputs of all jobs may hold. Null: the reserve alone bounds them. */
      uploads_mb: Megabytes.nullable().default(null),
      /** Most that all results may hold. */
      artifacts_mb: Megabytes.nullable().default(null),
      /** Finished jobs that are older are removed with their files. Null: never. */
      jobs_days: z.number().positive().nullable().default(null),
      /** So many finished jobs are kept, the newest. Null: all. */
      jobs_kept: z.int().min(0).nullable().default(null),
      /** The same for the videos alone: their results stay. */
      inputs_days: z.number().positive().nullable().default(null),
      inputs_kept: z.int().min(0).nullable().default(null),
      /** Nightly backups of the database that are kept; 0: none is made. */
      backups_kept: z.int().min(0).max(365).default(7),
    })
    .prefault({}),
  /** Folders of the machine that videos are taken in from, such as where sticks are mounted. */
  imports: z
    .array(
      z.strictObject({
        /** As it is called on the kiosk. */
        name: z
          .string()
          .min(1)
          .max(64)
          .regex(/^[^/\\\p{Cc}]+$/u, 'expected a name without slashes'),
        path: z.string().startsWith('/', 'expected a path that begins with /'),
      }),
    )
    .max(20)
    .refine((folders) => new Set(folders.map(({ name }) => name)).size === folders.length, 'two have the same name')
    .default([{ name: 'USB', path: '/media' }]),
  model: z.strictObject({
    /** Folder of ONNX files. */
    folder: z.string().min(1),
    /** File name in that folder, without `.onnx`. */
    name: z.string().regex(/^[\w.-]+$/, 'expected a file name without folder'),
    confidence: z.number().min(0).max(1).default(0.25),
    iou: z.number().min(0).max(1).default(0.7),
    providers: z.array(Provider).min(1).default(['tensorrt', 'cuda', 'webgpu', 'cpu']),
    /** Largest model that is taken in over HTTP. */
    max_upload_mb: Megabytes.default(2048),
    /** Of one inference; null: chosen by the size of the model. */
    threads: z.int().min(1).max(256).nullable().default(null),
  }),
  /** Where appliances tell each other, and other programs, of their jobs. */
  redis: z
    .strictObject({
      url: z
        .string()
        .regex(/^rediss?:\/\/.+$/, 'expected a redis:// or rediss:// URL')
        .nullable()
        .default(null),
      /** In front of every key. */
      prefix: z
        .string()
        .regex(/^[\w.-]{1,64}$/, 'expected letters, digits, dots, dashes and underscores')
        .default('vedette'),
      /** Where others can open this appliance, such as `http://gate.lan:8000`. */
      public_url: z
        .url({ protocol: /^https?$/ })
        .nullable()
        .default(null),
    })
    .prefault({}),
  /** Programs that are told by HTTP how jobs end. */
  webhooks: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(64),
        url: z
          .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
          .refine(hasReadableLogin, 'a % in the login must be written as %25'),
        /** Signs what is sent; at least 16 characters, or `whsec_` and base64. */
        secret: z.string().min(16),
        events: z
          .array(WebhookEvent)
          .min(1)
          .default([...webhookEvents]),
      }),
    )
    .max(20)
    .refine((hooks) => new Set(hooks.map(({ name }) => name)).size === hooks.length, 'two have the same name')
    .default([]),
  /** Folders with plugins of other makers, whose code runs in workers alone. */
  plugins: z
    .array(z.strictObject({ path: z.string().startsWith('/', 'expected a path that begins with /') }))
    .max(20)
    .refine((plugins) => new Set(plugins.map(({ path }) => path)).size === plugins.length, 'two have the same path')
    .default([]),
  mqtt: MqttSettings.prefault({}),
  /** File of the pipelines and their targets. Null: `pipelines.yaml` beside this one, where it is. */
  pipelines: z.string().min(1).nullable().default(null),
  /** Of jobs that come as a URL. */
  downloads: DownloadSettings.prefault({}),
  /** Jobs that programs outside the appliance tell of. */
  outside: z
    .strictObject({
      /** One of which nothing is heard for so long fails. */
      silent_h: z.number().min(0.01).max(8760).default(24),
    })
    .prefault({}),
});
export type Settings = Readonly<z.infer<typeof SettingsSchema>>;
