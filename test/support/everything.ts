// Detection settings that keep every class under its own name.
import type { DetectionSettings } from '../../appliance/contract/detection.ts';

export function everything(confidence = 0.25, iou = 0.7): DetectionSettings {
  return { confidence, iou, classes: null, aliases: {} };
}
