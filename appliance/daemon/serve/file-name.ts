// A client's file name, made fit to be shown to people. It never names a file here.

const mostCharacters = 255;

export function shownName(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? '';
  // Controls, and the marks that turn the direction of text, can make a name show as another one.
  const clean = base.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, '').trim();
  return Array.from(clean).slice(0, mostCharacters).join('') || 'video';
}
