// What the keyboard does to a video: only where nothing else wants the key.
import type { Playhead } from './playhead.svelte.ts';

const moves: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
};

/**
 * On the player itself all keys; elsewhere on the page only those that nobody speaks or types: space and the arrows
 * that go sideways. Time runs from left to right, whichever way the words run.
 */
export function moveByKey(event: KeyboardEvent, playhead: Playhead, player: HTMLElement | undefined): void {
  const { key, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !(target instanceof HTMLElement))
    return;
  if (target.closest('input, select, textarea, dialog') !== null) return;
  const inside = player?.contains(target) ?? false;
  const onButton = target.closest('button, a') !== null;
  const onSlider = target.getAttribute('role') === 'slider';
  if (key === ' ' && !onButton) playhead.toggle();
  else if ((key === ',' || key === '.') && inside) void playhead.step(key === '.' ? 1 : -1);
  else if (key === 'Home' && onSlider) playhead.seek(0);
  else if (key === 'End' && onSlider) playhead.seek(playhead.duration);
  else if (key in moves && (onSlider || key === 'ArrowLeft' || key === 'ArrowRight')) {
    playhead.move(moves[key] ?? 0);
  } else return;
  event.preventDefault();
}
