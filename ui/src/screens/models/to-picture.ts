// A picture of any kind that this browser can show, as the PNG or JPEG that the appliance takes.

const taken: ReadonlySet<string> = new Set(['image/png', 'image/jpeg']);

/** Null where the browser cannot show it either. */
export async function toPicture(file: Blob): Promise<Blob | null> {
  if (taken.has(file.type)) return file;
  try {
    const image = await createImageBitmap(file);
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext('2d')?.drawImage(image, 0, 0);
    image.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.95));
  } catch {
    return null; // no picture, or of a kind that is not known here
  }
}
