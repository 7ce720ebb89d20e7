// Counts lines, and detections of each tool, while they pass.
import { objectsOf, outputsIn } from '../contract/found.ts';
import type { ResultFrame, SourceInfo, Summary } from '../contract/frame.ts';

/** Numbers by class name, by tool. */
export type CountsByTool = Readonly<Record<string, Readonly<Record<string, number>>>>;

export class Tally {
  /** In the order of the tools; the class names in that in which they were found. */
  readonly #found: ReadonlyMap<string, Map<string, number>>;
  #frames: number;

  /** Goes on from what was counted before. `tools`: of the job, at least one. */
  constructor(tools: readonly string[], frames: number, earlier: CountsByTool) {
    this.#frames = frames;
    this.#found = new Map(tools.map((tool) => [tool, new Map(Object.entries(earlier[tool] ?? {}))]));
  }

  get frames(): number {
    return this.#frames;
  }

  /** Detections by class name. */
  get found(): CountsByTool {
    return Object.fromEntries([...this.#found].map(([tool, classes]) => [tool, Object.fromEntries(classes)]));
  }

  /** Those of one tool; null: of the only one. */
  classesOf(tool: string | null): Record<string, number> {
    return Object.fromEntries(this.#countsOf(tool));
  }

  add(line: ResultFrame): void {
    this.#frames++;
    for (const [tool, output] of outputsIn(line)) {
      const counts = this.#countsOf(tool);
      for (const { className: name } of objectsOf(output, tool)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }

  /** `tracks`: of the tools that follow things. */
  summary(source: SourceInfo, endS: number, tracks: CountsByTool): Summary {
    const several = [...this.#found].map(([tool, counts]) => [tool, toSummary(counts, tracks[tool])] as const);
    const classes = summed(several.map(([, { classes }]) => classes));
    return {
      total_frames: this.#frames,
      total_detections: total(Object.values(classes)),
      classes,
      fps: source.fps,
      duration_s: source.duration_s || endS,
      ...(Object.keys(tracks).length > 0 && { tracks: summed(Object.values(tracks)) }),
      ...(several.length > 1 && { tools: Object.fromEntries(several) }),
    };
  }

  #countsOf(tool: string | null): Map<string, number> {
    const counts = tool === null ? [...this.#found.values()][0] : this.#found.get(tool);
    if (!counts) throw new Error(`this job has no tool ${tool ?? ''}`);
    return counts;
  }
}

function toSummary(counts: ReadonlyMap<string, number>, tracks: Readonly<Record<string, number>> | undefined) {
  const classes = Object.fromEntries(counts);
  return { total_detections: total(counts.values()), classes, ...(tracks && { tracks }) };
}

function summed(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of parts.flatMap(Object.entries<number>)) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries(sums);
}

function total(counts: Iterable<number>): number {
  return [...counts].reduce((sum, count) => sum + count, 0);
}
