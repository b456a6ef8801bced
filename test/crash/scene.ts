/** Who earns and by which rules, the same in every database of a crash test; and what the databases are asked afterwards. */
import type { SimulatedEvent } from '../../src/simulator/account.ts';
import { playSaas } from '../../src/simulator/saas.ts';
import { changeSettings } from '../../src/store/workspaces.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, fixed, terms, type Stage } from '../support/stage.ts';

export const WORKSPACE = 'acme';
const AFFILIATES = ['ann', 'bob', 'cat', 'dan', 'eve'];
const STARTS_AT = Date.UTC(2026, 0, 5) / 1000;

/** Some customers are organic, some name a referral nobody knows, some share the referral of another. */
export function referralOf(customer: number): string | null {
  if (customer % 9 === 4) return null;
  if (customer % 50 === 7) return 'ref_nobody';
  return `ref_${customer % 10 === 8 ? customer - 1 : customer}`;
}

/** At least `events` events of both payload families in time order, cut to that number. */
export function history(seed: string, events: number): SimulatedEvent[] {
  for (let customers = Math.ceil(events / 30) + 5; ; customers = Math.ceil(customers * 1.1)) {
    const played = playSaas({
      seed,
      customers,
      months: 6,
      startAt: STARTS_AT,
      referralFor: referralOf,
    }).events;
    if (played.length >= events) return played.slice(0, events);
  }
}

/**
 * A workspace with affiliates, referrals and incentives without holds. A payment intent waits 0 minutes for its invoice,
 * so that it often counts alone first and is united later: the harder way to the same ledger.
 */
export async function prepare(on: TestDatabase): Promise<Stage> {
  const stage = await createStage(on, { workspace: WORKSPACE, startAt: Date.UTC(2027, 0, 1) });
  for (const [index, name] of AFFILIATES.entries()) await stage.affiliate(name, index < 2 ? 'gold' : null);
  await stage.ask(
    `INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, created_at)
     SELECT $1, 'ref_' || i, ($2::text[])[1 + i % 5], $3, 'lead', '2026-01-01' FROM generate_series(0, 999) AS i`,
    [AFFILIATES, stage.program],
  );
  await stage.incentive('inc_all', terms('10', { holdPeriodDays: 0 }));
  await stage.incentive('inc_year', terms('25.5', { interval: 'yearly', holdPeriodDays: 0 }));
  await stage.incentive('inc_gold', terms('33.33', { interval: 'monthly', groupId: 'gold', holdPeriodDays: 0 }));
  await stage.incentive('inc_first', fixed(700n, { applyTo: 'first', affiliateId: 'cat', holdPeriodDays: 0 }));
  await changeSettings(on.database.pool, WORKSPACE, { deferMinutes: 0 });
  return stage;
}

/** Balance rows that are not zero, one line each. */
export async function balanceLines(stage: Stage): Promise<string[]> {
  const rows = await stage.ask<{ line: string }>(
    `SELECT concat_ws(' ', affiliate_id, currency, livemode, review, pending, payable, paid) AS line FROM balances
     WHERE workspace_id = $1 AND (review, pending, payable, paid) <> (0, 0, 0, 0) ORDER BY 1`,
  );
  return rows.map(({ line }) => line);
}

/** How many events are in each state. */
export async function inboxStates(stage: Stage): Promise<Record<string, number>> {
  const rows = await stage.ask<{ state: string; events: bigint }>(
    'SELECT state, count(*) AS events FROM inbox WHERE workspace_id = $1 GROUP BY 1',
  );
  return Object.fromEntries(rows.map(({ state, events }) => [state, Number(events)]));
}
