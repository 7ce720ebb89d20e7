// What of the found is shown: which classes and tracks, from which confidence on, with trails and labels or without.
import type { FoundObject } from '../../../../appliance/contract/found.ts';

export class Selection {
  /** Of detections, 0..1: those below are hidden. */
  confidence = $state(0);
  trails = $state(true);
  labels = $state(true);
  /** The track that is meant; null where none is. */
  chosen: number | null = $state(null);
  #hiddenClasses: readonly string[] = $state.raw([]);
  #hiddenTracks: readonly number[] = $state.raw([]);

  shows({ className, confidence, trackId }: FoundObject): boolean {
    return (
      confidence >= this.confidence &&
      !this.#hiddenClasses.includes(className) &&
      (trackId === null || !this.#hiddenTracks.includes(trackId))
    );
  }

  showsClass(name: string): boolean {
    return !this.#hiddenClasses.includes(name);
  }

  showsTrack(id: number): boolean {
    return !this.#hiddenTracks.includes(id);
  }

  toggleClass(name: string): void {
    this.#hiddenClasses = toggled(this.#hiddenClasses, name);
  }

  toggleTrack(id: number): void {
    this.#hiddenTracks = toggled(this.#hiddenTracks, id);
  }

  /** Another tool counts its tracks anew. */
  forgetTracks(): void {
    this.chosen = null;
    this.#hiddenTracks = [];
  }
}

function toggled<T>(list: readonly T[], value: T): readonly T[] {
  return list.includes(value) ? list.filter((one) => one !== value) : [...list, value];
}
