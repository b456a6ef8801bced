/** What row-level security costs: the same events through the same code with and without it, in turns. */
import type { TestDatabase } from '../support/server.ts';
import { fire, type Volley } from './fire.ts';
import { signedShots } from './material.ts';
import { startChild } from './process.ts';

/** Short, so that what disturbs the machine disturbs both. */
const SLICE = 200;

/** Pairs that are not counted: statements are planned and code is compiled in them. */
const WARM_UP = 6;

export type Apart = { readonly behind: number; readonly open: number; readonly ratio: number };

/**
 * Events per second with row-level security and without, and their ratio: the median over pairs of slices that were fired
 * one after the other, who is first in turns. `from`: first unused event.
 */
export async function measureApart(on: TestDatabase, from: number, pairs: number, connections: number): Promise<Apart> {
  const child = await startChild('test/bench/apart-child.ts', [], { DATABASE_URL: on.url }, /listening \d+ \d+\./);
  const ports = /listening (\d+) (\d+)\./.exec(child.words)?.slice(1).map(Number) ?? [];
  const all: { behind: number; open: number }[] = [];
  let next = from;
  const slice = async (port: number | undefined): Promise<number> => {
    const volley: Volley = await fire(port ?? 0, signedShots(next, SLICE), connections);
    next += SLICE;
    if (volley.byStatus['200'] !== SLICE) throw new Error(`unexpected answers: ${JSON.stringify(volley.byStatus)}`);
    return volley.perSecond;
  };
  for (let round = 0; round < pairs + WARM_UP; round += 1) {
    const first = await slice(ports[round % 2]);
    const second = await slice(ports[(round + 1) % 2]);
    all.push(round % 2 === 0 ? { behind: first, open: second } : { behind: second, open: first });
  }
  await child.stop();
  const kept = all.slice(WARM_UP);
  return {
    behind: median(kept.map(({ behind }) => behind)),
    open: median(kept.map(({ open }) => open)),
    ratio: median(kept.map(({ behind, open }) => behind / open)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
