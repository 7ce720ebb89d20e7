// What a finger does to a row beside tapping it: a long press, and a swipe towards either side.
import type { Attachment } from 'svelte/attachments';

export interface RowGestures {
  readonly onHold: () => void;
  /** How far the row is drawn aside, in px; 0 where it is let go. */
  readonly onDraw: (px: number) => void;
  /** Let go beyond the point of no return. Undefined where the row cannot be swiped away. */
  readonly onSwipe: (() => void) | undefined;
}

const holdMs = 500;
/** Below, a finger only trembles. */
const tremblePx = 10;
export const swipePx = 120;

/** `gestures` is asked at each touch, so that it may change. */
export function rowGestures(gestures: () => RowGestures): Attachment<HTMLElement> {
  return (row) => {
    let from: { readonly id: number; readonly x: number; readonly y: number } | null = null;
    let drawn = 0;
    /** A finger that did something else does not also tap. */
    let done = false;
    let hold: ReturnType<typeof setTimeout> | undefined;

    const letGo = (): void => {
      clearTimeout(hold);
      from = null;
      drawn = 0;
      gestures().onDraw(0);
    };
    const down = (event: PointerEvent): void => {
      done = false;
      if (event.button !== 0 || !event.isPrimary) return;
      from = { id: event.pointerId, x: event.clientX, y: event.clientY };
      hold = setTimeout(() => {
        done = true;
        letGo();
        gestures().onHold();
      }, holdMs);
    };
    const move = (event: PointerEvent): void => {
      if (from?.id !== event.pointerId) return;
      const [across, along] = [event.clientX - from.x, event.clientY - from.y];
      if (Math.hypot(across, along) < tremblePx && drawn === 0) return;
      clearTimeout(hold);
      if (event.pointerType === 'mouse' || gestures().onSwipe === undefined) return;
      if (drawn === 0 && Math.abs(along) > Math.abs(across)) return letGo();
      if (!row.hasPointerCapture(from.id)) row.setPointerCapture(from.id);
      done = true;
      drawn = across;
      gestures().onDraw(across);
    };
    const up = (event: PointerEvent): void => {
      if (from?.id !== event.pointerId) return;
      const far = Math.abs(drawn) >= swipePx;
      letGo();
      // The row goes only after the whole touch has ended: others, such as the list, must see its end too.
      if (far) hold = setTimeout(() => gestures().onSwipe?.());
    };
    const click = (event: Event): void => {
      if (!done) return;
      event.preventDefault();
      event.stopPropagation();
    };
    /** The browser's own menu of a long press. */
    const menu = (event: Event): void => {
      if (done || from !== null) event.preventDefault();
    };

    const ear = new AbortController();
    const { signal } = ear;
    row.addEventListener('pointerdown', down, { signal });
    row.addEventListener('pointermove', move, { signal });
    row.addEventListener('pointerup', up, { signal });
    row.addEventListener('pointercancel', letGo, { signal });
    row.addEventListener('click', click, { signal, capture: true });
    row.addEventListener('contextmenu', menu, { signal });
    row.addEventListener('dragstart', (event) => event.preventDefault(), { signal });
    return () => {
      clearTimeout(hold);
      ear.abort();
    };
  };
}
