// Lines and the live line below them, on a terminal and off it.
import { expect, it } from 'vitest';
import { Display } from '../../appliance/cli/display.ts';
import type { ProgressView } from '../../appliance/contract/api.ts';

class Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  written = '';

  constructor(isTTY: boolean, columns = 60) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): boolean {
    this.written += text;
    return true;
  }

  /** What a person sees: a line that was cleared is gone. */
  get seen(): string[] {
    return this.written.split('\n').map((line) => line.slice(line.lastIndexOf('\u001B[2K') + 1).replace(/^\[2K/, ''));
  }
}

function at(progress: number, status: ProgressView['status'] = 'running'): ProgressView {
  return {
    job_id: '00000000-0000-4000-8000-000000000000',
    status,
    progress,
    indeterminate: false,
    held: null,
    stage: 'analyzing',
    current_frame: progress,
    total_frames: 100,
    fps: 10,
    eta_s: 1,
    seq: progress,
    ts: 0,
  };
}

it('redraws one bar in place, and keeps it below what is printed meanwhile', () => {
  const screen = new Screen(true);
  const display = new Display(screen);
  display.status('starting …');
  display.progress(at(10));
  display.line('WARN disk is nearly full');
  display.progress(at(20));
  expect(screen.seen).toEqual(['WARN disk is nearly full', expect.stringMatching(/^ 20 % /)]);
  display.done();
  display.line('done');
  expect(screen.seen).toEqual(['WARN disk is nearly full', 'done', '']);
});

it('prints a line at every tenth, without control characters, where the output is no terminal', () => {
  const screen = new Screen(false);
  const display = new Display(screen);
  display.status('starting …');
  for (let progress = 0; progress <= 99; progress += 3) display.progress(at(progress));
  display.progress(at(100, 'completed'));
  display.done();
  expect(screen.written).not.toContain('\u001B');
  expect(screen.written.match(/^\d+(?= %)/gm)).toEqual(['0', '12', '21', '30', '42', '51', '60', '72', '81', '90']);
});

it('takes a terminal that does not know its width for one of 80 columns', () => {
  const screen = new Screen(true, 0);
  new Display(screen).progress(at(10));
  expect(screen.seen.at(-1)).toMatch(/^ 10 % █+░+ analyzing/);
  expect(screen.seen.at(-1)?.length).toBeLessThan(80);
});
