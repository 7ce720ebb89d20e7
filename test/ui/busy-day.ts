// An appliance with something in every place of its screen.
import { completedJob, jobItem, runningJob, systemView } from './job-item.ts';
import type { KioskServer } from './kiosk-server.ts';

export function busy(on: KioskServer): void {
  on.system = systemView({ jobs: { pending: 2, running: 1 } });
  on.jobs = [
    jobItem(9, { source_name: 'loading-dock-0915.mkv' }),
    jobItem(8, { source_name: 'IMG_2231 – second half, main stand (final cut).mov' }),
    runningJob(7, { source_name: 'north-gate-2026-05-12.mp4' }),
    completedJob(6, { source_name: 'training-session.mp4' }),
    completedJob(5, {
      source_name: 'harbour_cam_full_day_recording_2026-05-11_part-03.mp4',
      warnings: ['Source ends at 9.97 s of 20.00 s.'],
      summary: {
        frame_count: 249,
        detection_count: 1,
        classes: ['person', 'car', 'boat', 'dog', 'bird', 'truck', 'bus', 'bench'],
      },
    }),
    completedJob(4, {
      source_name: 'broken.mp4',
      status: 'failed',
      progress: 12,
      summary: null,
      source: null,
      result_url: null,
      error_message: 'The file holds no video stream that this appliance can decode.',
    }),
    completedJob(3, {
      source_name: 'wrong-camera.mp4',
      status: 'cancelled',
      progress: null,
      summary: null,
      result_url: null,
      error_message: 'Cancelled',
    }),
  ];
}
