/** How far a long walk is: a bar with rate and time left on a terminal, a line every five seconds elsewhere. */
import { Presets, SingleBar } from 'cli-progress';

export type Progress = {
  /** `share`: 0 to 1. `count`: how many so far. */
  advance(share: number, count: number): void;
  close(): void;
};

/** Of a thousand, so that a bar of a percent's width moves. */
const WHOLE = 1000;
const LINE_EVERY_MS = 5_000;

/** Opens the progress of one list. `count` is of what is listed. */
export function openProgress(name: string): Progress {
  const begun = performance.now();
  const rate = (count: number): number => Math.round(count / Math.max(0.001, (performance.now() - begun) / 1000));
  if (process.stdout.isTTY) {
    const format = `  ${name.padEnd(18)}{bar} {percentage} % | {count} | {rate}/s | {eta_formatted} left`;
    const bar = new SingleBar({ format, hideCursor: true, etaBuffer: 50 }, Presets.shades_classic);
    bar.start(WHOLE, 0, { count: 0, rate: 0 });
    return {
      advance: (share, count) => bar.update(Math.floor(share * WHOLE), { count, rate: rate(count) }),
      close: () => bar.stop(),
    };
  }
  let last = performance.now();
  return {
    advance(share, count) {
      if (performance.now() - last < LINE_EVERY_MS) return;
      last = performance.now();
      console.log(`  ${name}: ${Math.floor(share * 100)} %, ${count} so far, ${rate(count)}/s`);
    },
    close: () => undefined,
  };
}
