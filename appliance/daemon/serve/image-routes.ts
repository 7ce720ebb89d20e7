// The image dialect: a picture goes in as a video does, and its job is asked for in the same places.
import { imageType } from './magic.ts';
import type { Route } from './route.ts';
import { submitRoute, type SubmitOptions } from './submit.ts';

export function imageRoutes(options: SubmitOptions): Route[] {
  return [
    submitRoute(options, {
      path: '/v1/image/submit',
      what: 'a picture',
      input: 'image_bytes',
      identify: imageType,
    }),
  ];
}
