// An appliance with something in every place of its screen.
import { completedJob, jobId, jobItem, runningJob, systemView } from './job-item.ts';
import type { KioskServer } from './kiosk-server.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';

/** What stands for the picture of a frame. */
const poster = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360"><path fill="#2d4a3a" d="M0 0h640v360H0z"/>
  <path fill="#1c2c33" d="M0 0h640v110H0z"/><path fill="#c9c4b4" d="M100 300q30-320 60 0ZM440 290q30-320 60 0Z"/></svg>`,
);

export function busy(on: KioskServer): void {
  on.system = systemView({ jobs: { pending: 3, running: 1 } });
  for (const number of [5, 6]) {
    on.routes[`GET ${posterOf(number)}`] = () => {
      return { status: 200, body: poster, headers: { 'content-type': 'image/svg+xml' } };
    };
  }
  on.jobs = [
    jobItem(10, { source_name: 'yard-east.mp4', tool: 'video_player_tracking' }),
    jobItem(9, { source_name: 'loading-dock-0915.mkv' }),
    jobItem(8, {
      source_name: 'IMG_2231 – second half, main stand (final cut).mov',
      options: { ...noJobOptions, model: 'yolov8s' },
    }),
    runningJob(7, { source_name: 'north-gate-2026-05-12.mp4' }),
    completedJob(6, { source_name: 'training-session.mp4', poster_url: posterOf(6) }),
    completedJob(5, {
      source_name: 'harbour_cam_full_day_recording_2026-05-11_part-03.mp4',
      poster_url: posterOf(5),
      warnings: ['Source ends at 9.97 s of 20.00 s.'],
      summary: {
        frame_count: 249,
        detection_count: 159,
        classes: ['person', 'car', 'boat', 'dog', 'bird', 'truck', 'bus', 'bench'],
        class_counts: { person: 88, car: 40, boat: 12, dog: 9, bird: 4, truck: 3, bus: 2, bench: 1 },
      },
    }),
    completedJob(4, {
      source_name: 'broken.mp4',
      status: 'failed',
      progress: 12,
      summary: null,
      source: null,
      result_url: null,
      error_code: 'source-undecodable',
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

function posterOf(number: number): string {
  return `/v1/jobs/${jobId(number)}/poster`;
}
