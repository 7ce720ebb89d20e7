// What a full disk is called: sentences with their numbers and their remedy, for people. Pure.
import { inForce, type Limits, type Numbers, type Shortage } from './levels.ts';

/** What is wrong with the whole appliance. */
export function complain(shortage: Shortage, now: Numbers, limits: Limits): string {
  switch (shortage) {
    case 'reserve':
      return (
        `The disk is nearly full: ${inUnits(now.free)} are free, and ${inUnits(limits.reserve)} must stay free. ` +
        'Jobs and uploads wait for room: remove finished jobs, or other files from the disk of the data folder.'
      );
    case 'artifacts':
      return (
        `Results hold ${inUnits(now.artifacts)} of their quota of ${inUnits(limits.artifacts ?? 0)}. ` +
        'Jobs and uploads wait for room: remove finished jobs, or raise storage.artifacts_mb.'
      );
    case 'uploads':
      return (
        `Videos hold ${inUnits(now.uploads)} of their quota of ${inUnits(limits.uploads ?? 0)}. ` +
        'Uploads wait for room: remove finished jobs, or raise storage.uploads_mb.'
      );
    default:
      return shortage satisfies never;
  }
}

/**
 * Why a job is held, without the numbers that move, so that it is said once. Null where it need not wait: a job adds
 * nothing to the videos, and its end may be what lets one of them go.
 */
export function holdFor(shortage: Shortage, limits: Limits): string | null {
  switch (shortage) {
    case 'reserve':
      return `The disk is nearly full: less than ${inUnits(limits.reserve)} is free. The job goes on by itself when there is room.`;
    case 'artifacts':
      return `Results hold all of their quota of ${inUnits(limits.artifacts ?? 0)}. The job goes on by itself when there is room.`;
    case 'uploads':
      return null;
    default:
      return shortage satisfies never;
  }
}

/** What an upload asks for. `promised`: what others were admitted for and have not brought yet; both in bytes. */
export interface Wish {
  readonly bytes: number;
  readonly promised: number;
  /** True for one that was admitted before: results that grew since are not its matter. */
  readonly underWay: boolean;
}

/** Why it may not be taken in, or null where it may. `short`: what is too little now, and ends only a little beyond its limit. */
export function refuse(
  wish: Wish,
  now: Omit<Numbers, 'backups'>,
  limits: Limits,
  short: readonly Shortage[],
): string | null {
  const { bytes, promised, underWay } = wish;
  const { reserve, uploads, artifacts } = inForce(limits, short);
  const needed = `${promised > 0 ? `${inUnits(promised)} are promised to other uploads, ` : ''}${inUnits(bytes)} more are needed`;
  const useOf = (kind: 'uploads' | 'artifacts') =>
    `they hold ${inUnits(now[kind])} of their quota of ${inUnits(limits[kind] ?? 0)}`;
  if (now.free - promised - bytes < reserve)
    return `Not enough space: ${inUnits(now.free)} are free, ${needed}, and ${inUnits(reserve)} must stay free. ${remedy}`;
  if (uploads !== null && now.uploads + promised + bytes > uploads)
    return `Not enough space for videos: ${useOf('uploads')}, and ${needed}. ${remedy}`;
  if (artifacts !== null && now.artifacts > artifacts && !underWay)
    return `Not enough space for results: ${useOf('artifacts')}. ${remedy}`;
  return null;
}

const remedy = 'Remove finished jobs to make room.';

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `812 MB`, `1.07 GB`: three digits, in steps of 1000 as disks are sold. */
export function inUnits(bytes: number): string {
  const whole = Math.max(0, Math.round(bytes));
  const step = Math.min(Math.floor(Math.log10(Math.max(whole, 1)) / 3), units.length - 1);
  const scaled = whole / 1000 ** step;
  const digits = step === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${units[step] ?? 'B'}`;
}
