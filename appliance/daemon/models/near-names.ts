// Names that somebody may have meant who wrote one that is not there.

/** Names that far from what was written are no slip of the pen. */
const mostShown = 3;

/** At most three, the nearest first: those that differ in letter case alone, in few letters, or hold what was written. */
export function nearNames(written: string, names: readonly string[]): string[] {
  const wanted = written.toLowerCase();
  const most = Math.max(1, Math.floor(wanted.length / 3));
  const letters = Array.from(wanted);
  return names
    .map((name) => ({ name, far: distance(letters, Array.from(name.toLowerCase()), most) }))
    .filter(({ name, far }) => far <= most || (wanted.length > 2 && name.toLowerCase().includes(wanted)))
    .sort((left, right) => left.far - right.far)
    .slice(0, mostShown)
    .map(({ name }) => name);
}

/** Null where the model has all of these classes, else a sentence with what may be meant. */
export function unknownClass(written: readonly string[], classes: readonly string[]): string | null {
  const unknown = written.find((name) => !classes.includes(name));
  if (unknown === undefined) return null;
  const near = nearNames(unknown, classes);
  const known =
    near.length > 0 ? `Near: ${quoted(near)}` : `It has ${classes.length}, such as ${quoted(classes.slice(0, 5))}`;
  return `This model has no class "${unknown}". ${known}.`;
}

/** As they stand in a sentence. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

/** Levenshtein, in the two rows of Wagner and Fischer (1974); more than `most` where the lengths say so already. */
function distance(left: readonly string[], right: readonly string[], most: number): number {
  if (Math.abs(left.length - right.length) > most) return most + 1;
  let above = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (const [row, letter] of left.entries()) {
    const current = [row + 1];
    for (const [column, other] of right.entries()) {
      const [insert = 0, remove = 0, replace = 0] = [current[column], above[column + 1], above[column]];
      current.push(Math.min(insert + 1, remove + 1, replace + (letter === other ? 0 : 1)));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}
