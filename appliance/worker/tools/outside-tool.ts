// Runs a tool from outside as one of the built-in ones is run: what it does is checked, and a fault of its own is told as such.
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import { DetectionFrame, type ToolFrame, TrackedFrame } from '../../contract/frame.ts';
import type { InputType } from '../../contract/plugins.ts';
import type { Frame } from '../ingest/frames.ts';
import { OwnTime } from './own-time.ts';
import type * as api from './plugin-api.ts';
import type { Recollection, Tool, ToolWork } from './tool.ts';

export interface OutsideToolOptions {
  readonly pluginId: string;
  readonly id: string;
  readonly input: InputType;
  readonly revision: string;
  readonly tool: api.Tool;
  /** It may take so long for one frame, without the time that it waits for others. */
  readonly stallMs: number;
  /** What it threw, as words for a person. */
  readonly reasonOf: (error: unknown) => string;
}

export function outsideTool(options: OutsideToolOptions): Tool {
  const { id, input, revision, tool } = options;
  const memory = tool.looksBack === true ? { memory: z.json() } : {};
  return { id, input, revision, ...memory, run: (work) => new Guard(options, work).lines() };
}

const mostObjects = 5000;
const mostClasses = 2000;
const longestClass = 200;
const mostLetters = 2 ** 20;
/** pts_s may have been rounded. */
const sameTimeS = 0.001;
const Counts = z.record(z.string().max(longestClass), z.int().min(0));
const FrameCount = z.int().min(0);

/** One run of one tool. */
class Guard {
  readonly #options: OutsideToolOptions;
  readonly #work: ToolWork;
  readonly #time: OwnTime;
  readonly #classes = new Set<string>();
  #current: Frame | null = null;
  #answered = true;
  #ended = false;
  /** What came of the frames, should the tool keep it to itself. */
  #broken: Error | null = null;

  constructor(options: OutsideToolOptions, work: ToolWork) {
    this.#options = options;
    this.#work = work;
    this.#time = new OwnTime(options.stallMs);
  }

  async *lines(): AsyncGenerator<ToolFrame, void, undefined> {
    const lines = this.#begin();
    for (;;) {
      // One that hangs is not asked to come to its end either: it would not hear it.
      const next = await this.#time.within(this.#ask(lines), () => this.#hung());
      if (next.done) break;
      yield this.#checked(next.value);
    }
    if (!this.#answered) throw this.#fault(`ended without a line for frame ${this.#index}`);
    if (!this.#ended) throw this.#fault(`ended before the video did, behind frame ${this.#index}`);
  }

  #begin(): AsyncIterator<unknown> {
    const { totalFrames, confidence, memory, signal, onProgress, remember } = this.#work;
    try {
      const lines = this.#options.tool.run({
        ...{ totalFrames, confidence, memory, signal, frames: this.#frames() },
        detect: (frame, lower) => this.#detect(frame, lower),
        remember: (recollection) => remember(this.#guarded(recollection)),
        onProgress: (current, total) => {
          if (!FrameCount.safeParse(current).success || !FrameCount.nullable().safeParse(total).success)
            throw this.#fault(`told onProgress ${String(current)} of ${String(total)} frames`);
          onProgress(current, total);
        },
      });
      return lines[Symbol.asyncIterator]();
    } catch (error) {
      throw this.#blamed(error);
    }
  }

  async #ask(lines: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> {
    try {
      const next = await lines.next();
      if (this.#broken) throw this.#broken;
      return next;
    } catch (error) {
      throw this.#broken ?? this.#blamed(error);
    }
  }

  async *#frames(): AsyncGenerator<Frame, void, undefined> {
    const source = this.#work.frames[Symbol.asyncIterator]();
    for (;;) {
      if (!this.#answered) throw this.#fault(`asked for the next frame without a line for frame ${this.#index}`);
      const next = await this.#time.outside(this.#taken(source));
      if (next.done) {
        this.#ended = true;
        return;
      }
      this.#current = next.value;
      this.#answered = false;
      yield next.value;
    }
  }

  async #taken(source: AsyncIterator<Frame>): Promise<IteratorResult<Frame>> {
    try {
      return await source.next();
    } catch (error) {
      this.#broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  #detect(frame: api.Frame, lower?: { readonly confidence: number }): ReturnType<ToolWork['detect']> {
    const current = this.#current;
    if (current === null || frame !== current)
      return Promise.reject(this.#fault('asked for detections in another frame than the one in hand'));
    const least = z.number().min(0).max(1).optional().safeParse(lower?.confidence);
    if (!least.success) return Promise.reject(this.#fault('asked for detections of a confidence that is not in 0..1'));
    return this.#time.outside(this.#work.detect(current, lower));
  }

  /** In the form that is written; its time as that of the built-in tools. */
  #checked(line: unknown): ToolFrame {
    const current = this.#current;
    if (current === null || this.#answered) throw this.#fault('gave a line for a frame that it has not asked for');
    const isTracked = z.object({ detections: z.object({ tracked_objects: z.unknown() }) }).safeParse(line).success;
    const { data, error } = (isTracked ? TrackedFrame : DetectionFrame).safeParse(line);
    if (!data) {
      const mistakes = error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'line'}: ${message}`);
      throw this.#wrong(mistakes.join('; '));
    }
    const mistake = this.#mistakeIn(data, current);
    if (mistake !== null) throw this.#wrong(mistake);
    this.#answered = true;
    return { ...data, pts_s: Math.round(current.ptsS * 1e6) / 1e6 };
  }

  #mistakeIn({ frame_index: index, pts_s: ptsS, detections }: ToolFrame, frame: Frame): string | null {
    if (index !== frame.index) return `frame_index: ${index} is not that of the frame, ${frame.index}`;
    if (Math.abs(ptsS - frame.ptsS) > sameTimeS) return `pts_s: ${ptsS} is not the time of the frame, ${frame.ptsS}`;
    const isTracked = 'tracked_objects' in detections;
    const boxes = isTracked ? detections.tracked_objects.map(({ xyxy }) => xyxy) : detections.xyxy;
    const names = isTracked ? detections.tracked_objects.map((object) => object.class) : detections.class_name;
    if (!isTracked) {
      const lengths = [boxes, names, detections.confidence, detections.class_id].map(({ length }) => length);
      if (new Set(lengths).size > 1) return `detections: lists of ${lengths.join(', ')} entries, expected one length`;
    }
    if (boxes.length > mostObjects) return `detections: ${boxes.length} of them, expected at most ${mostObjects}`;
    const turned = boxes.find(([x1, y1, x2, y2]) => !(x1 < x2 && y1 < y2));
    if (turned) return `xyxy: [${turned.join(', ')}] is no box`;
    if (names.some((name) => name.length > longestClass))
      return `a class has a name of more than ${longestClass} letters`;
    for (const name of names) this.#classes.add(name);
    return this.#classes.size > mostClasses ? `more than ${mostClasses} names of classes` : null;
  }

  #guarded({ memory, tracks }: Recollection): Recollection {
    if (this.#options.tool.looksBack !== true) throw this.#fault('remembers, and does not say looksBack');
    return {
      memory: () => {
        const text = this.#tried(() => JSON.stringify(memory()) as string | undefined) ?? 'null';
        if (text.length > mostLetters) throw this.#fault('remembers more than 1 MB');
        return JSON.parse(text) as unknown;
      },
      tracks: () => {
        const { data } = Counts.safeParse(this.#tried(tracks));
        if (!data) throw this.#fault('counts its tracks in no whole numbers by class');
        return data;
      },
    };
  }

  #tried<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw this.#blamed(error);
    }
  }

  get #index(): string {
    return String(this.#current?.index ?? 0);
  }

  #hung(): Fault {
    return this.#fault(
      `did nothing for ${(this.#options.stallMs / 1000).toFixed(0)} s with frame ${this.#index} in hand`,
    );
  }

  #wrong(mistake: string): Fault {
    return this.#fault(`gave a wrong line for frame ${this.#index}: ${mistake}`);
  }

  #blamed(error: unknown): Fault {
    return error instanceof Fault ? error : this.#fault(`failed: ${this.#options.reasonOf(error)}`, { cause: error });
  }

  #fault(what: string, options?: ErrorOptions): Fault {
    const { id, pluginId } = this.#options;
    return new Fault('tool-failed', `The tool ${id} of the plugin ${pluginId} ${what}.`, options);
  }
}
