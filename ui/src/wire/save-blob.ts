// Hands bytes that were fetched with a key to the browser's own download.

/** `name`: the file name that the person sees. */
export function saveBlob(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the address over by the next turn of the loop.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
