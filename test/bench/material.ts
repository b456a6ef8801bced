/** What the benchmark works on: one workspace with known customers, and unique signed renewals of theirs. */
import type { Pool } from 'pg';
import { terms } from '../support/terms.ts';
import { writeTerms } from '../../src/store/rules.ts';
import { createWorkspace } from '../../src/store/workspaces.ts';
import { eventObject, invoiceObject, type InvoiceSpec } from '../../src/simulator/objects.ts';
import { signed } from '../../src/simulator/deliver.ts';
import { shot } from './fire.ts';

export const SECRET = 'whsec_bench0000000000000000000000';
export const CUSTOMERS = 10_000;
export const AFFILIATES = 1_000;
const PRICE = {
  id: 'price_bench',
  product: 'prod_bench',
  interval: 'month',
  intervalCount: 1,
  amount: 9900,
  currency: 'usd',
} as const;
export const PAID_AT = 1_790_000_000;

/** Affiliates, referrals, customers credited to them, a price and an incentive, all by plain SQL. */
export async function prepare(pool: Pool, workspace: string): Promise<void> {
  await createWorkspace(pool, workspace, workspace, `prog_${workspace}`);
  const program = `prog_${workspace}`;
  const ask = (text: string, values: unknown[] = []): Promise<unknown> => pool.query(text, [workspace, ...values]);
  await ask(
    `INSERT INTO affiliates (workspace_id, affiliate_id, program_id, name, email, tracking_id, status, history)
     SELECT $1, 'aff_' || n, $2, 'Affiliate ' || n, n || '@partner.example', 'a' || n, 'approved', '[{"since":0,"groupId":null,"status":"approved"}]'
     FROM generate_series(0, ${AFFILIATES - 1}) n`,
    [program],
  );
  await ask(
    `INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, customer_id, subscription_id, created_at, converted_at)
     SELECT $1, 'ref_' || n, 'aff_' || (n % ${AFFILIATES}), $2, 'active', 'cus_' || n, 'sub_' || n, '2026-01-01', '2026-01-01'
     FROM generate_series(0, ${CUSTOMERS - 1}) n`,
    [program],
  );
  await ask(
    `INSERT INTO customers (workspace_id, livemode, customer_key, version, links, tokens, state)
     SELECT $1, true, 'stripe:cus_' || n, 1, '{}', ARRAY['ref_' || n],
       json_build_object('links', json_build_array(), 'members', json_build_array(), 'touches',
         json_build_array(json_build_object('token', 'ref_' || n, 'rank', 1, 'at', 1767225600000, 'subscription', NULL)))
     FROM generate_series(0, ${CUSTOMERS - 1}) n`,
  );
  await ask(
    `INSERT INTO prices (workspace_id, livemode, price_key, version, state)
     VALUES ($1, true, 'stripe:${PRICE.id}', 1, '{"stamp":{"at":1,"rank":0,"event":"evt_0"},"product":"${PRICE.product}","interval":"month:1"}')`,
  );
  for (const [id, own] of Object.entries({
    inc_all: terms('10'),
    inc_monthly: terms('30', { interval: 'monthly' }),
    inc_yearly: terms('20', { interval: 'yearly' }),
  }))
    await ask(
      `INSERT INTO incentives (workspace_id, incentive_id, version, program_id, since, terms) VALUES ($1, $2, 1, $3, 1, $4)`,
      [id, program, JSON.stringify(writeTerms(own))],
    );
  await pool.query('ANALYZE');
}

/** The body of one unique `invoice.paid` of a known customer, basil shape, pretty-printed as Stripe sends it. */
export function renewal(index: number): { id: string; body: string; created: number } {
  const number = index % CUSTOMERS;
  const created = PAID_AT + Math.floor(index / 100);
  const spec = {
    id: `in_bench${index}`,
    created,
    currency: 'usd',
    status: 'paid',
    billingReason: 'subscription_cycle',
    customer: `cus_${number}`,
    customerEmail: null,
    subscription: `sub_${number}`,
    paidAt: created,
    lines: [
      {
        amount: 9900,
        price: PRICE,
        quantity: 1,
        subscription: `sub_${number}`,
        taxes: [{ amount: 1881, inclusive: false }],
      },
    ],
  } as unknown as InvoiceSpec;
  const id = `evt_bench${index}`;
  const event = eventObject('basil', { id, type: 'invoice.paid', created, object: invoiceObject('basil', spec) });
  return { id, created, body: JSON.stringify(event, null, 2) };
}

/** Complete signed requests, one per event. */
export function signedShots(from: number, count: number, secret = SECRET): Buffer[] {
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, index) => {
    const { body } = renewal(from + index);
    return shot('POST', '/webhooks/stripe', { ...signed(body, secret, now) }, body);
  });
}
