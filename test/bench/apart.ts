/** What row-level security costs: the same events through the same code with and without it, in turns. */
import type { TestDatabase } from '../support/server.ts';
import { fire, type Volley } from './fire.ts';
import { signedShots } from './material.ts';
import { startChild } from './process.ts';

/** Short, so that what disturbs the machine disturbs both. */
const SLICE = 500;

export type Apart = { readonly behind: number; readonly open: number };

/** Events per second with row-level security and without: medians over slices fired in turns. `from`: first unused event. */
export async function measureApart(
  on: TestDatabase,
  from: number,
  slices: number,
  connections: number,
): Promise<Apart> {
  const child = await startChild('test/bench/apart-child.ts', [], { DATABASE_URL: on.url }, /listening \d+ \d+\./);
  const [, first, second] = /listening (\d+) (\d+)\./.exec(child.words) ?? [];
  const rates: Record<'behind' | 'open', number[]> = { behind: [], open: [] };
  let next = from;
  const slice = async (port: string | undefined): Promise<Volley> => {
    const volley = await fire(Number(port), signedShots(next, SLICE), connections);
    next += SLICE;
    if (volley.byStatus['200'] !== SLICE) throw new Error(`unexpected answers: ${JSON.stringify(volley.byStatus)}`);
    return volley;
  };
  for (let round = 0; round < slices + 2; round += 1) {
    // Who is first changes, so that neither profits from the other's warmth.
    for (const who of round % 2 === 0 ? (['behind', 'open'] as const) : (['open', 'behind'] as const)) {
      const { perSecond } = await slice(who === 'behind' ? first : second);
      if (round >= 2) rates[who].push(perSecond);
    }
  }
  await child.stop();
  return { behind: median(rates.behind), open: median(rates.open) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
