/**
 * Reads everything a batch touches in one statement: one snapshot, one round trip. Nothing is locked; the statement
 * that posts checks that what was read is still current (store/post.ts).
 */
import type { AffiliateView } from '../core/rules.ts';
import type { LoadedClick } from '../core/visitors.ts';
import type { Tx } from './tx.ts';
import { VISIT } from './visitors.ts';

export type Wanted = {
  /** `source\nevent_key` of events that may have been received before. */
  readonly events: readonly string[];
  readonly money: readonly string[];
  readonly paymentIds: readonly string[];
  readonly customers: readonly string[];
  /** Parties and prices all of whose (waiting) payments are wanted. */
  readonly paymentsOfParties: readonly string[];
  readonly paymentsAwaiting: readonly string[];
  readonly prices: readonly string[];
  readonly tokens: readonly string[];
};

export type ReferralRow = {
  readonly id: string;
  readonly version: number;
  /** null: the link that was followed is nobody's; then there is no history either. */
  readonly affiliateId: string | null;
  readonly programId: string;
  readonly status: string;
  readonly email: string | null;
  readonly customerId: string | null;
  readonly externalUserId: string | null;
  readonly subscriptionId: string | null;
  readonly convertedAt: string | null;
  /** The live world does not know it. */
  readonly testOnly: boolean;
  readonly history: AffiliateView['history'] | null;
};

export type Loaded = {
  readonly rulesVersion: number;
  /** `source\nevent_key` → state of the event. */
  readonly events: ReadonlyMap<string, string>;
  readonly payments: readonly {
    readonly id: string;
    readonly version: number;
    readonly state: string;
    readonly posted: string;
    readonly summary: string | null;
    readonly earlier: string | null;
  }[];
  readonly customers: readonly { readonly key: string; readonly version: number; readonly state: string }[];
  readonly prices: readonly { readonly key: string; readonly version: number; readonly state: string }[];
  readonly referrals: readonly ReferralRow[];
  /** Clicks of visitors that a token names, with the id of the click's referral, which is one of `referrals`. */
  readonly visits: readonly LoadedClick[];
};

const REFERRAL = `json_build_object('affiliateId', affiliate_id, 'programId', program_id,
    'status', status, 'email', email, 'customerId', customer_id, 'externalUserId', external_user_id,
    'subscriptionId', subscription_id, 'convertedAt', converted_at, 'testOnly', test_only, 'history', (
      SELECT history FROM affiliates a WHERE a.workspace_id = r.workspace_id AND a.affiliate_id = r.affiliate_id))`;

const TOKENS = `$8::text[] || ARRAY(SELECT unnest(tokens) FROM pay)
    || ARRAY(SELECT unnest(tokens) FROM named) || ARRAY(SELECT unnest(tokens) FROM linked)`;

/**
 * Keys are collected into arrays and looked up with `= ANY`, never joined: a plan made while the tables are still empty
 * (it is made once, for any values) must use the right index all the same. Kinds of rows in the answer, one letter each.
 */
const textWith = (morePayments: string): string => `
WITH pay AS (
  SELECT payment_id, version, customer_key, tokens, prices, state, posted, summary, earlier FROM payments
  WHERE workspace_id = $1 AND payment_id = ANY (
    ARRAY(SELECT payment_id FROM payment_keys WHERE workspace_id = $1 AND livemode = $2 AND key = ANY ($4::text[]))
    || $5::text[]${morePayments})
), named AS (
  SELECT customer_key, version, links, tokens, state FROM customers
  WHERE workspace_id = $1 AND livemode = $2
    AND customer_key = ANY ($6::text[] || ARRAY(SELECT customer_key FROM pay WHERE customer_key IS NOT NULL))
), linked AS (
  SELECT customer_key, version, tokens, state FROM customers
  WHERE workspace_id = $1 AND livemode = $2 AND customer_key = ANY (ARRAY(SELECT unnest(links) FROM named))
)
SELECT 'w' AS t, NULL AS k, rules_version AS v, NULL AS a, NULL AS b, NULL AS c, NULL AS d FROM workspaces WHERE workspace_id = $1
UNION ALL SELECT 'e', source || E'\\n' || event_key, 0, state, NULL, NULL, NULL FROM inbox
  WHERE workspace_id = $1 AND source = $9 AND event_key = ANY ($3::text[])
UNION ALL SELECT 'p', payment_id, version, state::text, posted::text, summary::text, earlier::text FROM pay
UNION ALL SELECT 'c', customer_key, version, state::text, NULL, NULL, NULL FROM named
UNION ALL SELECT 'c', customer_key, version, state::text, NULL, NULL, NULL FROM linked
UNION ALL SELECT 'r', price_key, version, state::text, NULL, NULL, NULL FROM prices
  WHERE workspace_id = $1 AND livemode = $2 AND price_key = ANY ($7::text[] || ARRAY(SELECT unnest(prices || tokens) FROM pay)
    || ARRAY(SELECT unnest(tokens) FROM named) || ARRAY(SELECT unnest(tokens) FROM linked))
UNION ALL SELECT 'f', referral_id, version, ${REFERRAL}::text, NULL, NULL, NULL
  FROM referrals r WHERE workspace_id = $1 AND NOT (test_only AND $2) AND referral_id = ANY (${TOKENS})
UNION ALL SELECT 'v', referral_id, version, ${REFERRAL}::text, visitor_id, ${VISIT}::text, NULL
  FROM referrals r WHERE workspace_id = $1 AND NOT (test_only AND $2) AND visitor_id = ANY (${TOKENS})`;

const TEXT = textWith('');

/**
 * The same with every payment of certain parties, and those that wait for certain prices. It is rare
 * and its index depends on how large the tables have become, so it has no name and is planned each time.
 */
const TEXT_CONCERNED = textWith(`
    || ARRAY(SELECT payment_id FROM payments WHERE workspace_id = $1 AND livemode = $2 AND customer_key = ANY ($10::text[]))
    || ARRAY(SELECT payment_id FROM payments WHERE workspace_id = $1 AND livemode = $2 AND awaits_prices IS NOT NULL
      AND awaits_prices && $11::text[])`);

type Row = { t: string; k: string; v: bigint; a: string; b: string; c: string | null; d: string | null };

export const NOTHING_WANTED: Wanted = {
  events: [],
  money: [],
  paymentIds: [],
  customers: [],
  paymentsOfParties: [],
  paymentsAwaiting: [],
  prices: [],
  tokens: [],
};

/** Loads what is wanted in one world (live or test) of one workspace. Throws when the workspace does not exist. */
export async function load(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  source: string,
  wanted: Wanted,
): Promise<Loaded> {
  const common = [
    workspace,
    livemode,
    wanted.events,
    wanted.money,
    wanted.paymentIds,
    wanted.customers,
    wanted.prices,
    wanted.tokens,
    source,
  ];
  const more = [wanted.paymentsOfParties, wanted.paymentsAwaiting];
  const { rows } = more.every((keys) => keys.length === 0)
    ? await tx.query<Row>({ name: 'load', text: TEXT, values: common })
    : await tx.query<Row>({ text: TEXT_CONCERNED, values: [...common, ...more] });
  return sorted(workspace, rows);
}

function sorted(workspace: string, rows: readonly Row[]): Loaded {
  let rulesVersion: number | null = null;
  const events = new Map<string, string>();
  const payments: Loaded['payments'][number][] = [];
  const customers: Loaded['customers'][number][] = [];
  const prices: Loaded['prices'][number][] = [];
  const referrals: ReferralRow[] = [];
  const visits: LoadedClick[] = [];
  for (const { t, k, v, a, b, c, d } of rows) {
    if (t === 'w') rulesVersion = Number(v);
    else if (t === 'e') events.set(k, a);
    else if (t === 'p') payments.push({ id: k, version: Number(v), state: a, posted: b, summary: c, earlier: d });
    else if (t === 'c') customers.push({ key: k, version: Number(v), state: a });
    else if (t === 'r') prices.push({ key: k, version: Number(v), state: a });
    else {
      referrals.push({ ...(JSON.parse(a) as Omit<ReferralRow, 'id' | 'version'>), id: k, version: Number(v) });
      if (t === 'v')
        visits.push({ ...(JSON.parse(c ?? '') as Omit<LoadedClick, 'visitor' | 'id'>), visitor: b, id: k });
    }
  }
  if (rulesVersion === null) throw new Error(`there is no workspace "${workspace}"`);
  return { rulesVersion, events, payments, customers, prices, referrals, visits };
}
