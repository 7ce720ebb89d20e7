// Delivers to storage that speaks S3, in parts of a few megabytes.
import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Upload } from '@aws-sdk/lib-storage';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { WrittenTarget } from '../pipelines/book.ts';
import { placeOf } from '../pipelines/place.ts';
import { isBusy } from './answer-head.ts';
import type { Sending, Target } from './target.ts';
import { Unreached } from './unreached.ts';

type Written = Extract<WrittenTarget, { kind: 's3' }>;

/** S3's least for a part, and its most parts of one object. */
const leastPartBytes = 5 * 1024 * 1024;
const mostParts = 10_000;

export class S3Target implements Target {
  readonly #written: Written;
  readonly #client: S3Client;
  readonly #upload: typeof Upload;

  private constructor(written: Written, client: S3Client, upload: typeof Upload) {
    this.#written = written;
    this.#client = client;
    this.#upload = upload;
  }

  /** Loads the client, which takes a moment: only where such a target is there. */
  static async open(written: Written): Promise<S3Target> {
    const [{ S3Client }, { Upload }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@aws-sdk/lib-storage'),
    ]);
    const { endpoint, region, access_key, secret_key, path_style = endpoint !== undefined } = written;
    const client = new S3Client({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      forcePathStyle: path_style,
      credentials: { accessKeyId: access_key.reveal(), secretAccessKey: secret_key.reveal() },
      // Checksums that Amazon added later, and that others who speak S3 do not all know.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 10_000 },
    });
    return new S3Target(written, client, Upload);
  }

  place(jobId: string): string {
    return placeOf(this.#written, jobId);
  }

  async send({ jobId, file, signal, onBytes }: Sending): Promise<void> {
    const { bucket, prefix } = this.#written;
    const body = file.open(signal);
    const upload = new this.#upload({
      client: this.#client,
      params: {
        Bucket: bucket,
        Key: `${prefix}${jobId}/${file.name}`,
        Body: body,
        ContentType: file.type,
        ContentLength: file.bytes,
      },
      // One part in memory, and the one behind it.
      queueSize: 2,
      partSize: Math.max(leastPartBytes, Math.ceil(file.bytes / mostParts)),
    });
    upload.on('httpUploadProgress', ({ loaded = 0 }) => onBytes(Math.min(loaded, file.bytes)));
    const abort = () => void upload.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      await upload.done();
    } catch (error) {
      signal.throwIfAborted();
      throw objection(error);
    } finally {
      signal.removeEventListener('abort', abort);
      body.destroy();
    }
  }

  close(): void {
    this.#client.destroy();
  }
}

/** By name and number: what else it says may hold the access key. */
function objection(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (isOfService(error)) {
    const { httpStatusCode: status = 0 } = error.$metadata;
    const words = `it answered ${error.name}${status > 0 ? ` (${status})` : ''}`;
    const isFinal = status >= 400 && status < 500 && !isBusy(status);
    return isFinal ? new Fault('delivery-failed', words) : new Unreached(words, { cause: error });
  }
  return new Unreached(`no answer (${codeOf(error) || error.name})`, { cause: error });
}

function isOfService(error: Error): error is S3ServiceException {
  return '$metadata' in error && '$fault' in error;
}
