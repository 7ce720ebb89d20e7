// Sends one file by XMLHttpRequest: fetch still cannot tell how much of a body has gone out.
import type { Access } from '../state/access.svelte.ts';
import type { SendFile } from '../state/uploads.svelte.ts';

/** Where files of each kind go. */
const paths = {
  video: '/v1/video/submit?plugin_id=yolo-tracker&tool=video_player_detection',
  model: '/v1/models',
} as const;

export function sendFileTo(origin: string, access: Access, kind: keyof typeof paths): SendFile {
  return (file, onSent, signal) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const abort = (): void => request.abort();
      const form = new FormData();
      form.append('file', file);
      // The form adds some bytes around the file; they are not the person's.
      request.upload.onprogress = ({ loaded }) => onSent(Math.min(loaded, file.size));
      request.onload = () =>
        resolve({
          status: request.status,
          text: request.responseText,
          retryAfter: request.getResponseHeader('retry-after'),
        });
      request.onerror = () => resolve({ status: 0, text: '', retryAfter: null });
      request.onabort = () => reject(new DOMException('Upload cancelled', 'AbortError'));
      request.onloadend = () => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      request.open('POST', origin + paths[kind]);
      for (const [name, value] of Object.entries(access.headers())) request.setRequestHeader(name, value);
      request.send(form);
    });
}
