// Every setting that there is, with its rule and its default.
import { z } from 'zod';
import { Provider } from '../../contract/frame.ts';

const Megabytes = z.number().positive();
const Seconds = z.number().positive();
/** As ONNX Runtime wants it: a text, 1 or 0 for a switch. */
const Option = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => (typeof value === 'boolean' ? String(Number(value)) : String(value)));
const MqttUrl = z
  .string()
  .regex(/^(off|embedded(:\d{1,5})?|(mqtts?|wss?):\/\/.+)$/, 'expected off, embedded, embedded:PORT or an mqtt:// URL');

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
  mqtt: z
    .strictObject({
      url: MqttUrl.default('embedded'),
      username: z.string().optional(),
      password: z.string().optional(),
    })
    .prefault({}),
});
export type Settings = Readonly<z.infer<typeof SettingsSchema>>;
