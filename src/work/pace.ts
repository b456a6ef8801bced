/** A token bucket: waits until another request may be sent. In real time, whatever the clock of the books says. */

/** What may be sent at once after a pause: the rate and this together are what a second can see at most. */
const BURST = 4;

/** One account's pace, shared by everything in this process: `perSecond` on average, `BURST` at once. */
export function createPace(perSecond: number): () => Promise<void> {
  const gap = 1000 / perSecond;
  // When the next request would be sent if there were no burst.
  let nextAt = 0;
  return async () => {
    const now = performance.now();
    nextAt = Math.max(nextAt, now) + gap;
    const wait = nextAt - BURST * gap - now;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  };
}
