// Sends one video by tus 1.0, which goes on where it was after the network, the appliance or this page were away.
import type { DetailedError, HttpRequest, HttpResponse, Upload, UploadOptions } from 'tus-js-client';
import type { Access } from '../state/access.svelte.ts';
import type { Carrier, Delivery, Transfer } from '../state/upload.ts';
import { type JobErrand, metadataSent } from './job-words.ts';
import { sendFileTo } from './send-file.ts';

/** Videos in pieces that can be taken up again; the rest in one request. */
export function carryTo(origin: string, access: Access): Carrier {
  const whole = sendFileTo(origin, access);
  return (file, errand) =>
    errand.kind === 'video' ? new Resumable(`${origin}/v1/uploads`, access, file, errand) : whole(file, errand);
}

class Resumable implements Transfer {
  readonly repeatable = true;
  readonly #endpoint: string;
  readonly #access: Access;
  readonly #file: File;
  readonly #errand: JobErrand;
  /** The newest try; a new one each, so that one that was stopped halfway cannot stir again. */
  #upload: Upload | null = null;

  constructor(endpoint: string, access: Access, file: File, errand: JobErrand) {
    this.#endpoint = endpoint;
    this.#access = access;
    this.#file = file;
    this.#errand = errand;
  }

  async send(onSent: (bytes: number) => void, signal: AbortSignal): Promise<Delivery> {
    let upload: Upload;
    try {
      this.#upload = upload = await this.#open(this.#upload?.url ?? null);
    } catch {
      return nothing; // the library's own file did not come: the appliance is away
    }
    const { options } = upload;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        void upload.abort();
        reject(new DOMException('Upload stopped', 'AbortError'));
      };
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      const settle = (delivery: Delivery): void => {
        signal.removeEventListener('abort', stop);
        resolve(delivery);
      };
      options.headers = this.#access.headers();
      // It was stopped while the library was between two requests.
      options.onBeforeRequest = () => signal.throwIfAborted();
      options.onProgress = (bytes) => signal.aborted || onSent(bytes);
      options.onSuccess = () => settle({ ...nothing, status: 200, jobId: upload.url?.split('/').at(-1) ?? null });
      options.onError = (error) => settle(deliveryOf(error));
      upload.start();
    });
  }

  forget(): void {
    // What is left of it the appliance clears away after a day.
    this.#upload?.abort(true).catch(() => undefined);
  }

  /** Takes up what an earlier try, or an earlier visit of this page, began of the same file with the same wishes. */
  async #open(url: string | null): Promise<Upload> {
    const tus = await import('tus-js-client');
    const metadata = metadataSent(this.#file.name, this.#errand);
    const upload = new tus.Upload(this.#file, {
      endpoint: this.#endpoint,
      metadata,
      retryDelays: null, // the queue of uploads tries again
      removeFingerprintOnSuccess: true,
      fingerprint: ({ name, size, lastModified }) =>
        Promise.resolve(JSON.stringify(['vedette', name, size, lastModified, metadata])),
      onAfterResponse: keepUnlessGone,
    } satisfies UploadOptions);
    const before = await upload.findPreviousUploads();
    const previous = before.find(({ uploadUrl }) => url === null || uploadUrl === url);
    upload.url = url;
    if (previous) upload.resumeFromPreviousUpload(previous);
    return upload;
  }
}

const nothing: Delivery = { status: 0, text: '', header: () => null, jobId: null };

/** Asked how far an upload has come, the library takes any refusal for a loss, and would begin again. */
class Unanswered extends Error {
  readonly response: HttpResponse;

  constructor(response: HttpResponse) {
    super('The appliance did not say how far the upload has come');
    this.response = response;
  }
}

function keepUnlessGone(request: HttpRequest, response: HttpResponse): void {
  const status = response.getStatus();
  if (request.getMethod() === 'HEAD' && status >= 300 && status !== 404 && status !== 410)
    throw new Unanswered(response);
}

function deliveryOf(error: Error | DetailedError): Delivery {
  const cause = 'causingError' in error ? error.causingError : null;
  const response = cause instanceof Unanswered ? cause.response : 'originalResponse' in error && error.originalResponse;
  if (!response) return nothing;
  return {
    status: response.getStatus(),
    text: response.getBody(),
    header: (name) => response.getHeader(name) ?? null,
    jobId: null,
  };
}
