/**
 * Does an event cost more, the more is stored? One hot customer, with and without rules that look across payments, and
 * many customers: the cost of an event in the last tenth over that in the first. The median of a tenth is compared,
 * because a shared machine has outliers.
 */
import pino from 'pino';
import type { Pool } from 'pg';
import type { Clockwork } from '../../src/pipeline/clockwork.ts';
import { newId } from '../../src/pipeline/ids.ts';
import { receive } from '../../src/pipeline/receive.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import { createVault } from '../../src/pipeline/vault.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { eventObject, invoicePaymentObject, refundObject } from '../../src/simulator/objects.ts';
import { writeTerms } from '../../src/store/rules.ts';
import { terms } from '../support/terms.ts';
import { cloneDatabase, type TestDatabase, type TestServer } from '../support/server.ts';
import { prepare, renewal } from './material.ts';

type Told = { id: string; type: string; created: number; body: string };

const WORKSPACE = 'default';
const MILLI = 1000;

function clockwork(on: TestDatabase): Clockwork {
  const log = pino({ level: 'silent' });
  const { database } = on;
  return { database, rules: rulesCache(database), vault: createVault(database, log), now: Date.now, newId, log };
}

function hear(work: Clockwork, { id, type, created, body }: Told): Promise<unknown> {
  const payload: unknown = JSON.parse(body);
  return receive(work, WORKSPACE, stripe, {
    id,
    type,
    at: created * MILLI,
    livemode: true,
    account: null,
    body,
    payload,
  });
}

function told(type: string, id: string, created: number, object: ReturnType<typeof refundObject>): Told {
  return { id, type, created, body: JSON.stringify(eventObject('basil', { id, type, created, object }), null, 2) };
}

/** Out of ten events eight are invoices, one ties an earlier invoice to its payment intent, one refunds a part of it. */
export function mixed(index: number, customer: (invoice: number) => number): Told {
  const [round, place] = [Math.floor(index / 10), index % 10];
  const { created } = renewal(round * 10);
  if (place === 8)
    return told(
      'invoice_payment.paid',
      `evt_tie${index}`,
      created,
      invoicePaymentObject({
        id: `inpay_${round}`,
        invoice: `in_bench${round * 10}`,
        paymentIntent: `pi_${round}`,
        amountPaid: 11_781,
        currency: 'usd',
        created,
      }),
    );
  if (place === 9)
    return told(
      'refund.created',
      `evt_back${index}`,
      created + 60,
      refundObject('basil', {
        id: `re_${round}`,
        amount: 1000,
        currency: 'usd',
        charge: `ch_${round}`,
        paymentIntent: `pi_${round}`,
        created: created + 60,
        status: 'succeeded',
      }),
    );
  const own = renewal(index);
  const from = index % 10_000;
  const number = customer(index);
  return {
    id: own.id,
    type: 'invoice.paid',
    created: own.created,
    body: own.body.replaceAll(`cus_${from}"`, `cus_${number}"`).replaceAll(`sub_${from}"`, `sub_${number}"`),
  };
}

/** Milliseconds of each event, `lanes` at a time. */
async function timed(work: Clockwork, count: number, lanes: number, at: (index: number) => Told): Promise<number[]> {
  const times: number[] = Array.from({ length: count }, () => 0);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next; index < count; index = next) {
      next += 1;
      const event = at(index);
      const begin = performance.now();
      await hear(work, event);
      times[index] = performance.now() - begin;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return times;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

/** Median of the last tenth over that of the first, with both in milliseconds. */
function growth(name: string, times: readonly number[]): void {
  const tenth = Math.floor(times.length / 10);
  const [first, last] = [median(times.slice(0, tenth)), median(times.slice(-tenth))];
  const ratio = last / first;
  console.log(
    `  ${name.padEnd(58)} ${ratio.toFixed(2)}   ceiling 1.30   ${ratio <= 1.3 ? 'holds' : 'MISSED'}   (${first.toFixed(2)} → ${last.toFixed(2)} ms)`,
  );
}

/** "12 months", "first" and a cap: every payment asks for the earlier ones of its referral. */
async function lookAcross(pool: Pool): Promise<void> {
  const rules = {
    inc_year: terms('30', { maxMonths: 12, maxAmount: 1_000_000_000n, interval: 'monthly', priority: 9 }),
    inc_first: terms('5', { applyTo: 'first', priceIds: ['price_other'] }),
  };
  for (const [id, own] of Object.entries(rules))
    await pool.query(
      `INSERT INTO incentives (workspace_id, incentive_id, version, program_id, since, terms) VALUES ($1, $2, 1, $3, 1, $4)`,
      [WORKSPACE, id, `prog_${WORKSPACE}`, JSON.stringify(writeTerms(own))],
    );
}

async function fresh(server: TestServer, across: boolean): Promise<TestDatabase> {
  const on = await cloneDatabase(server, { poolSize: 8 });
  await prepare(on.database.pool, WORKSPACE);
  if (across) await lookAcross(on.database.pool);
  return on;
}

/** Prints the three ratios. `hot` events of one customer, `many` of 20,000. */
export async function growths(server: TestServer, hot: number, many: number): Promise<void> {
  console.log('Cost of an event, last tenth over first tenth:');
  for (const across of [false, true]) {
    const on = await fresh(server, across);
    const work = clockwork(on);
    // Another customer's events first, so that neither the code nor the plans are cold.
    await timed(work, 500, 1, (index) => mixed(900_000 + index, (invoice) => 1 + (invoice % 500)));
    const times = await timed(work, hot, 1, (index) => mixed(index, () => 0));
    growth(`${hot} events of one customer${across ? ', rules across payments' : ''}`, times);
    await on.drop();
  }
  if (many === 0) return;
  const on = await fresh(server, true);
  const work = clockwork(on);
  await timed(work, 500, 4, (index) => mixed(9_000_000 + index, (invoice) => invoice % 20_000));
  const times = await timed(work, many, 4, (index) => mixed(index, (invoice) => invoice % 20_000));
  growth(`${many} events of 20,000 customers, rules across payments`, times);
  await on.drop();
}
