/**
 * Order does not matter: a random history of Stripe events of every kind and of calls (sales and refunds that name
 * Stripe's objects or their own, sign-ups, rulings), under random rules, permuted, with duplicates, cut into random
 * batches and taken by 1 to 4 workers at once while time passes, ends in the ledger of the sequential run in time order.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { expectShown } from '../support/shown.ts';
import { occurrences } from './occurrences.ts';
import { rehearse } from './rehearsal.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 500);
const SEED = process.env['PROPERTY_SEED'] ?? String(Math.floor(Math.random() * 1e9));
const ONLY = process.env['PROPERTY_ONLY'];
const FROM = Number(process.env['PROPERTY_FROM'] ?? 0);

/** Every kind occurs at least this often over all runs. */
const LEAST = 20;

/** Runs `part`, `part + parts`, …: each part is a file of its own, so that they run side by side. */
export function orderProperty(part: number, parts: number): void {
  let on: TestDatabase;
  beforeAll(async () => {
    on = await createDatabase({ poolSize: 8 });
  });
  afterAll(() => on.drop());

  const runs = Array.from({ length: RUNS }, (_, index) => index).filter(
    (index) => index % parts === part && index >= FROM && (ONLY === undefined || index === Number(ONLY)),
  );
  test(
    `any order, duplication, batching and number of workers ends in the same ledger (${runs.length} runs, seed ${SEED})`,
    { timeout: 900_000 },
    async () => {
      const occurred = occurrences();
      for (const index of runs)
        try {
          await rehearse(on, SEED, index, occurred);
        } catch (error) {
          console.error(`failed: PROPERTY_SEED=${SEED} PROPERTY_ONLY=${index}`);
          throw error;
        }
      expect(await expectShown(on)).toBeGreaterThan(0);
      const counts = [...occurred.counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
      console.log(
        [`PROPERTY_SEED=${SEED}, ${runs.length} runs`, ...counts.map(([kind, count]) => `${count} ${kind}`)].join('\n'),
      );
      const rare = KINDS.filter((kind) => (occurred.counts.get(kind) ?? 0) * RUNS < LEAST * runs.length);
      if (RUNS >= 500 && runs.length * parts >= RUNS) expect(rare).toEqual([]);
    },
  );
}

/** What has to occur. */
const KINDS: readonly string[] = [
  'a loss after a later payment',
  'payments at one moment',
  'referral with five payments',
  'united payments',
  'matured, then billed',
  'commission set by a caller',
  'commission withdrawn',
  'commission of a recruiter',
  'commission cut by its cap',
  'commission paid',
  'commission refunded',
  'commission pending_manual_approval',
  'referral by coupon',
  'refund failed',
  'refund pending',
  'refund canceled',
  'dispute opened',
  'dispute lost',
  'dispute won',
  'credit_note.created',
  'charge.failed',
  'charge.refunded',
  'invoice.marked_uncollectible',
  'invoice.voided',
  'radar.early_fraud_warning.created',
  'promotion_code.created',
  'sale: opted_out',
  'sale: unattributed',
  'call: affonso.sale',
  'call: affonso.refund',
  'call: operator.lead',
  'call: operator.ruling paid',
];
