// A row of a list that is dragged to another place: where it hangs, and how far the others give way.

/** Of a row as it lies before the drag, in px from the top of the list. */
export interface Row {
  readonly id: string;
  readonly top: number;
  readonly height: number;
}

interface Lifted {
  readonly row: Row;
  /** Index of the row, and of the place that it would drop into. */
  readonly from: number;
  readonly to: number;
  /** px that it hangs below its own place. */
  readonly by: number;
}

/** A finger that means a tap still moves a little. */
const slackPx = 6;

export class QueueDrag {
  #lifted: Lifted | null = $state.raw(null);
  #rows: readonly Row[] = [];
  #held: { readonly id: string; readonly y: number } | null = null;

  /** The row that is dragged; null while none has moved. */
  get lifted(): string | null {
    return this.#lifted?.row.id ?? null;
  }

  /** `y` here and below: of the pointer, in px from the top of the list. */
  hold(id: string, rows: readonly Row[], y: number): void {
    this.#rows = rows;
    this.#held = { id, y };
    this.#lifted = null;
  }

  moveTo(y: number): void {
    if (!this.#held) return;
    const by = y - this.#held.y;
    if (!this.#lifted && Math.abs(by) < slackPx) return;
    const from = this.#rows.findIndex(({ id }) => id === this.#held?.id);
    const row = this.#rows[from];
    if (!row) return;
    const middle = row.top + row.height / 2 + by;
    // A neighbour gives way when the middle of the row passes its own.
    const above = this.#rows.filter((other) => other !== row && other.top + other.height / 2 < middle);
    this.#lifted = { row, from, to: above.length, by };
  }

  /** How far a row is drawn below its place, in px. */
  shift(id: string): number {
    if (!this.#lifted) return 0;
    const { row, from, to, by } = this.#lifted;
    if (id === row.id) return by;
    const at = this.#rows.findIndex((other) => other.id === id);
    if (at > from && at <= to) return -row.height;
    return at < from && at >= to ? row.height : 0;
  }

  /** Lets go. Where it was dropped; null where nothing was dragged. */
  drop(): { readonly id: string; readonly index: number } | null {
    const dropped = this.#lifted && { id: this.#lifted.row.id, index: this.#lifted.to };
    this.cancel();
    return dropped;
  }

  cancel(): void {
    this.#held = null;
    this.#lifted = null;
  }
}
