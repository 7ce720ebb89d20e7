// Sends one file in one request, by XMLHttpRequest: fetch still cannot tell how much of a body has gone out.
import type { Access } from '../state/access.svelte.ts';
import type { Carrier, Delivery, Errand } from '../state/upload.ts';
import { querySent } from './job-words.ts';

export function sendFileTo(origin: string, access: Pick<Access, 'headers'>): Carrier {
  return (file, errand) => {
    // An answer that was lost makes no second job of a picture. (Without HTTPS there is no randomUUID.)
    const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join('-');
    return {
      repeatable: errand.kind !== 'model',
      forget: () => undefined, // nothing is kept of half a request
      send: (onSent, signal) => {
        const headers = { ...access.headers(), ...(errand.kind === 'model' ? {} : { 'Idempotency-Key': key }) };
        return send(origin + pathOf(errand), headers, { file, onSent, signal });
      },
    };
  };
}

function pathOf(errand: Errand): string {
  if (errand.kind === 'model') return '/v1/models';
  return `/v1/${errand.kind === 'video' ? 'video' : 'image'}/submit?${querySent(errand)}`;
}

interface Sending {
  readonly file: File;
  readonly onSent: (bytes: number) => void;
  readonly signal: AbortSignal;
}

function send(url: string, headers: Record<string, string>, { file, onSent, signal }: Sending): Promise<Delivery> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    const form = new FormData();
    form.append('file', file);
    // The form adds some bytes around the file; they are not the person's.
    request.upload.onprogress = ({ loaded }) => onSent(Math.min(loaded, file.size));
    request.onload = () => {
      const { status, responseText: text } = request;
      resolve({ status, text, header: (name) => request.getResponseHeader(name), jobId: jobIdIn(text) });
    };
    request.onerror = () => resolve({ status: 0, text: '', header: () => null, jobId: null });
    request.onabort = () => reject(new DOMException('Upload stopped', 'AbortError'));
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    request.open('POST', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(form);
  });
}

function jobIdIn(text: string): string | null {
  try {
    const body = JSON.parse(text) as unknown;
    return typeof body === 'object' && body !== null && 'job_id' in body && typeof body.job_id === 'string'
      ? body.job_id
      : null;
  } catch {
    return null; // a proxy answered
  }
}
