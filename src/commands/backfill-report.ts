/** What a backfill came to, counted and in words. */
import type { Walked } from '../pipeline/backfill.ts';

export type Tally = {
  readonly heard: number;
  readonly failed: number;
  readonly missing: ReadonlyMap<string, number>;
  add(page: Walked): void;
};

export function newTally(): Tally {
  const missing = new Map<string, number>();
  const tally = {
    heard: 0,
    failed: 0,
    missing,
    add(page: Walked): void {
      tally.heard += page.heard;
      tally.failed += page.failed;
      for (const [type, count] of Object.entries(page.missing)) missing.set(type, (missing.get(type) ?? 0) + count);
    },
  };
  return tally;
}

/** Types of answers are shown as what they are about. */
const nameOf = (type: string): string => type.replace(/^answer\./, '');

export function inWords({ heard, failed, missing }: Tally, dryRun: boolean, milliseconds: number): string {
  const total = [...missing.values()].reduce((sum, count) => sum + count, 0);
  const seconds = milliseconds / 1000;
  const lines = [
    `  ${heard} heard, ${heard - total} known already, ${total} ${dryRun ? 'missing' : 'new'}, ${failed} failed; ${seconds.toFixed(1)} s, ${Math.round(heard / Math.max(seconds, 0.001))}/s`,
    ...[...missing]
      .toSorted(([, a], [, b]) => b - a)
      .map(([type, count]) => `    ${String(count).padStart(7)}  ${nameOf(type)}`),
  ];
  if (total === 0) lines.push('  Nothing was missing.');
  if (dryRun && total > 0) lines.push('  Nothing was stored: run it again without --dry-run.');
  if (failed > 0)
    lines.push('  What failed is stored; the worker tries it again: GET /v1/inbox?state=pending, then state=failed.');
  return lines.join('\n');
}
