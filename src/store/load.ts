/**
 * Reads everything a batch touches in one statement: one snapshot, one round trip. Nothing is locked; the statement
 * that posts checks that what was read is still current (store/post.ts).
 */
import type { AffiliateView } from '../core/earn.ts';
import type { Tx } from './tx.ts';

export type Wanted = {
  /** `source\nevent_key` of events that may have been received before. */
  readonly events: readonly string[];
  readonly money: readonly string[];
  readonly paymentIds: readonly string[];
  readonly customers: readonly string[];
  /** Parties, referrals and prices all of whose (waiting) payments are wanted. */
  readonly paymentsOfParties: readonly string[];
  readonly paymentsOfReferrals: readonly string[];
  readonly paymentsAwaiting: readonly string[];
  readonly prices: readonly string[];
  readonly tokens: readonly string[];
};

export type ReferralRow = {
  readonly id: string;
  readonly version: number;
  readonly affiliateId: string;
  readonly programId: string;
  readonly status: string;
  readonly email: string | null;
  readonly customerId: string | null;
  readonly externalUserId: string | null;
  readonly subscriptionId: string | null;
  readonly convertedAt: string | null;
  readonly history: AffiliateView['history'];
};

export type Loaded = {
  readonly rulesVersion: number;
  /** `source\nevent_key` → state of the event. */
  readonly events: ReadonlyMap<string, string>;
  readonly payments: readonly { readonly id: string; readonly version: number; readonly state: string; readonly posted: string }[];
  readonly customers: readonly { readonly key: string; readonly version: number; readonly state: string }[];
  readonly prices: readonly { readonly key: string; readonly version: number; readonly state: string }[];
  readonly referrals: readonly ReferralRow[];
};

/** Kinds of rows in the answer, one letter each. */
const TEXT = `
WITH pay AS (
  SELECT payment_id, version, customer_key, tokens, prices, state, posted FROM payments
  WHERE workspace_id = $1 AND payment_id IN (
    SELECT payment_id FROM payment_keys WHERE workspace_id = $1 AND livemode = $2 AND key = ANY ($4::text[])
    UNION SELECT unnest($5::text[])
    UNION SELECT payment_id FROM payments WHERE workspace_id = $1 AND livemode = $2 AND customer_key = ANY ($7::text[])
    UNION SELECT payment_id FROM payments WHERE workspace_id = $1 AND livemode = $2 AND referral_id = ANY ($8::text[])
    UNION SELECT payment_id FROM payments WHERE workspace_id = $1 AND livemode = $2 AND awaits_prices && $9::text[])
), named AS (
  SELECT customer_key, version, links, tokens, state FROM customers
  WHERE workspace_id = $1 AND livemode = $2 AND customer_key IN (
    SELECT unnest($6::text[]) UNION SELECT customer_key FROM pay WHERE customer_key IS NOT NULL)
), linked AS (
  SELECT customer_key, version, tokens, state FROM customers
  WHERE workspace_id = $1 AND livemode = $2 AND customer_key IN (SELECT unnest(links) FROM named)
    AND customer_key NOT IN (SELECT customer_key FROM named)
), tokens AS (
  SELECT unnest($11::text[]) AS token UNION SELECT unnest(tokens) FROM pay
  UNION SELECT unnest(tokens) FROM named UNION SELECT unnest(tokens) FROM linked
)
SELECT 'w' AS t, NULL AS k, rules_version AS v, NULL AS a, NULL AS b FROM workspaces WHERE workspace_id = $1
UNION ALL SELECT 'e', source || E'\\n' || event_key, 0, state, NULL FROM inbox
  WHERE workspace_id = $1 AND source = $12 AND event_key = ANY ($3::text[])
UNION ALL SELECT 'p', payment_id, version, state::text, posted::text FROM pay
UNION ALL SELECT 'c', customer_key, version, state::text, NULL FROM named
UNION ALL SELECT 'c', customer_key, version, state::text, NULL FROM linked
UNION ALL SELECT 'r', price_key, version, state::text, NULL FROM prices
  WHERE workspace_id = $1 AND livemode = $2 AND price_key IN (SELECT unnest($10::text[]) UNION SELECT unnest(prices) FROM pay)
UNION ALL SELECT 'f', r.referral_id, r.version, json_build_object('affiliateId', r.affiliate_id, 'programId', r.program_id,
    'status', r.status, 'email', r.email, 'customerId', r.customer_id, 'externalUserId', r.external_user_id,
    'subscriptionId', r.subscription_id, 'convertedAt', r.converted_at, 'history', a.history)::text, NULL
  FROM referrals r JOIN affiliates a ON a.workspace_id = r.workspace_id AND a.affiliate_id = r.affiliate_id
  WHERE r.workspace_id = $1 AND r.referral_id IN (SELECT token FROM tokens)`;

type Row = { t: string; k: string; v: bigint; a: string; b: string };

export const NOTHING_WANTED: Wanted = {
  events: [],
  money: [],
  paymentIds: [],
  customers: [],
  paymentsOfParties: [],
  paymentsOfReferrals: [],
  paymentsAwaiting: [],
  prices: [],
  tokens: [],
};

/** Loads what is wanted in one world (live or test) of one workspace. Throws when the workspace does not exist. */
export async function load(tx: Tx, workspace: string, livemode: boolean, source: string, wanted: Wanted): Promise<Loaded> {
  const { rows } = await tx.query<Row>({
    name: 'load',
    text: TEXT,
    values: [
      workspace,
      livemode,
      wanted.events,
      wanted.money,
      wanted.paymentIds,
      wanted.customers,
      wanted.paymentsOfParties,
      wanted.paymentsOfReferrals,
      wanted.paymentsAwaiting,
      wanted.prices,
      wanted.tokens,
      source,
    ],
  });
  return sorted(workspace, rows);
}

function sorted(workspace: string, rows: readonly Row[]): Loaded {
  const of = (kind: string): Row[] => rows.filter((row) => row.t === kind);
  const [own] = of('w');
  if (!own) throw new Error(`there is no workspace "${workspace}"`);
  return {
    rulesVersion: Number(own.v),
    events: new Map(of('e').map((row) => [row.k, row.a])),
    payments: of('p').map((row) => ({ id: row.k, version: Number(row.v), state: row.a, posted: row.b })),
    customers: of('c').map((row) => ({ key: row.k, version: Number(row.v), state: row.a })),
    prices: of('r').map((row) => ({ key: row.k, version: Number(row.v), state: row.a })),
    referrals: of('f').map((row) => ({
      ...(JSON.parse(row.a) as Omit<ReferralRow, 'id' | 'version'>),
      id: row.k,
      version: Number(row.v),
    })),
  };
}
