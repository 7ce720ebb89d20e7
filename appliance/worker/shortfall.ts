// What a finished job has to say about a source that gave less than it promised. Pure.
import type { SourceInfo } from '../contract/frame.ts';

export interface Decoded {
  readonly frames: number;
  /** Where the last frame ends, in seconds. */
  readonly endS: number;
  /** Why decoding stopped, where it was not the end of the stream. */
  readonly brokenBy: string | null;
}

/** One sober sentence for each thing that is missing; none for a sound source. */
export function shortfall(source: SourceInfo, decoded: Decoded): string[] {
  const warnings: string[] = [];
  if (decoded.brokenBy !== null) warnings.push(`decoding stopped after ${decoded.frames} frames: ${decoded.brokenBy}`);
  // Tracks of one file rarely end together, and a container's duration is that of its longest.
  const slackS = Math.max(0.5, source.duration_s * 0.02, source.fps > 0 ? 2 / source.fps : 0);
  const endsEarly = source.duration_s - decoded.endS > slackS;
  if (endsEarly) {
    warnings.push(`source ends at ${decoded.endS.toFixed(2)} s of ${source.duration_s.toFixed(2)} s`);
  }
  const expected = expectedFrames(source);
  const missing = expected === null ? 0 : expected - decoded.frames;
  if (!endsEarly && expected !== null && missing > Math.max(2, expected * 0.02)) {
    warnings.push(`${missing} of ${expected} frames could not be decoded`);
  }
  return warnings;
}

/** An edit list shows fewer frames than there are packets, so the shown length has a say too. */
function expectedFrames({ frames, fps, duration_s: durationS }: SourceInfo): number | null {
  if (frames === null) return null;
  const shown = Math.round(fps * durationS);
  return shown > 0 ? Math.min(frames, shown) : frames;
}
