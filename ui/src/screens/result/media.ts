// The part of a video element that the playhead uses.

export interface Media extends EventTarget {
  currentTime: number;
  playbackRate: number;
  muted: boolean;
  readonly duration: number;
  readonly paused: boolean;
  readonly seeking: boolean;
  play(): Promise<void>;
  pause(): void;
  requestVideoFrameCallback?(tell: (now: number, picture: { readonly mediaTime: number }) => void): number;
  cancelVideoFrameCallback?(handle: number): void;
}
