// Names that Home Assistant can hold, made of those that people and model files give. Pure.

const longest = 40;

/** Lower-case letters, digits and single underscores between them; may be empty. */
export function toSlug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
}

/** One for each name, no two alike; `fallback` names those of which nothing is left. */
export function slugsOf(names: readonly string[], fallback: string): ReadonlyMap<string, string> {
  const slugs = new Map<string, string>();
  const taken = new Set<string>();
  for (const [at, name] of names.entries()) {
    if (slugs.has(name)) continue;
    let slug = toSlug(toSlug(name).slice(0, longest)) || `${fallback}_${at}`;
    while (taken.has(slug)) slug += `_${at}`;
    taken.add(slug);
    slugs.set(name, slug);
  }
  return slugs;
}

/** On one line, and not endless. */
export function shownName(name: string): string {
  const line = name.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.slice(0, 64) || '?';
}
