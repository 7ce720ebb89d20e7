// How fast something goes out, measured so that the figure can be read. Pure.

/** Over at least so long. */
const windowMs = 1000;

/** Bytes a second over the last second or more, smoothed; null until one has passed. `now` in ms. */
export function speedometer(now: () => number, sentBefore: number): (sent: number) => number | null {
  let mark = { at: now(), sent: sentBefore };
  let speed: number | null = null;
  return (sent) => {
    const ms = now() - mark.at;
    if (ms >= windowMs) {
      const newest = (Math.max(sent - mark.sent, 0) * 1000) / ms;
      speed = speed === null ? newest : (speed + newest) / 2;
      mark = { at: now(), sent };
    }
    return speed;
  };
}
