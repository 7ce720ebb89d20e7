// What a job is to do, for tests that do not care: detection by the plain plan.
import { plainPlan } from '../../appliance/contract/plan.ts';

/** Of a job. */
export const detecting = {
  pluginId: 'yolo-tracker',
  tools: ['video_player_detection'] as [string],
  jobType: 'video' as const,
  plan: plainPlan,
};

/** Of a worker's `start`. */
export const detectingWork = { ...workOf('video_player_detection') };

export function workOf(...tools: [string, ...string[]]) {
  return { pluginId: 'yolo-tracker', tools, stages: plainPlan.stages, clips: [] };
}
