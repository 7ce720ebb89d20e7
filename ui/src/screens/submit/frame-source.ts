// One moment of a file that was chosen, as the browser itself decodes it: nothing of it has to be sent for that.
import type { MediaKind } from '../../state/media-kind.ts';

export interface FrameSource {
  /** Seconds; 0 of a picture. */
  readonly durationS: number;
  /** Draws what is seen at `seconds`, at most 1280 pixels wide or high. Rejects where the browser cannot. */
  drawAt(seconds: number): Promise<HTMLCanvasElement>;
  close(): void;
}

const longestSide = 1280;
const patienceMs = 10_000;

/** Rejects where this browser does not know the format. */
export function openFrames(file: File, kind: MediaKind): Promise<FrameSource> {
  return kind === 'picture' ? openPicture(file) : openVideo(file);
}

async function openPicture(file: File): Promise<FrameSource> {
  const picture = await createImageBitmap(file);
  return {
    durationS: 0,
    drawAt: () => Promise.resolve(drawn(picture, picture.width, picture.height)),
    close: () => picture.close(),
  };
}

async function openVideo(file: File): Promise<FrameSource> {
  const video = document.createElement('video');
  const url = URL.createObjectURL(file);
  const close = (): void => {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(url);
  };
  try {
    const known = told(video, 'loadeddata');
    Object.assign(video, { muted: true, playsInline: true, preload: 'auto', src: url });
    await known;
    if (video.videoWidth === 0) throw new Error('no picture in it that this browser can decode');
  } catch (error) {
    close();
    throw error;
  }
  const durationS = Number.isFinite(video.duration) ? video.duration : 0;
  const drawAt = async (seconds: number): Promise<HTMLCanvasElement> => {
    const sought = told(video, 'seeked');
    // The very end holds no frame.
    video.currentTime = Math.max(Math.min(seconds, durationS - 0.1), 0);
    await sought;
    return drawn(video, video.videoWidth, video.videoHeight);
  };
  let last: Promise<unknown> = Promise.resolve();
  // One after another: the end of one search must not be taken for that of the next.
  const inTurn = (seconds: number): Promise<HTMLCanvasElement> => {
    const drawing = last.then(() => drawAt(seconds));
    last = drawing.catch(() => undefined); // told to whoever asked for it
    return drawing;
  };
  return { durationS, close, drawAt: inTurn };
}

/** Resolves with the event; rejects where the video fails first, or says nothing for too long. */
function told(video: HTMLVideoElement, event: 'loadeddata' | 'seeked'): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      video.removeEventListener(event, done);
      video.removeEventListener('error', failed);
      settle();
    };
    const done = (): void => end(resolve);
    const failed = (): void => end(() => reject(new Error(video.error?.message ?? 'no answer')));
    const timer = setTimeout(failed, patienceMs);
    video.addEventListener(event, done);
    video.addEventListener('error', failed);
  });
}

function drawn(source: CanvasImageSource, width: number, height: number): HTMLCanvasElement {
  const scale = Math.min(longestSide / Math.max(width, height), 1);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(Math.round(width * scale), 1);
  canvas.height = Math.max(Math.round(height * scale), 1);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws no pictures');
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}
