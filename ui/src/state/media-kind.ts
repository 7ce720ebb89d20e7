// What a file is by its name and by what the browser makes of it: a first look, before the appliance reads its bytes. Pure.

export type MediaKind = 'video' | 'picture';

const videos = /\.(mp4|m4v|mov|qt|mkv|webm|avi|ts|m2ts|mts|mpe?g|vob|og[gv]|3gp)$/i;
const pictures = /\.(png|jpe?g)$/i;

/** For a file chooser. A phone offers its camera too, and hands over its own pictures as JPEG. */
export const acceptedMedia =
  'video/*,.mkv,.ts,.m2ts,.mts,.avi,.mpg,.mpeg,.vob,.ogv,image/png,image/jpeg,.png,.jpg,.jpeg';

/** Null: none that the appliance takes. */
export function mediaKindOf({ name, type }: Pick<File, 'name' | 'type'>): MediaKind | null {
  if (type === 'image/png' || type === 'image/jpeg' || pictures.test(name)) return 'picture';
  // Some systems take `.ts` for a text in TypeScript.
  return type.startsWith('video/') || videos.test(name) ? 'video' : null;
}
