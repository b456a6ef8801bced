/**
 * Conversions as the desk shows them: the row, its commission, every money key of its payment. A void conversion is in
 * no list; asked for by its id it answers with the sale that survived it.
 */
import type { ConversionView } from '../core/views.ts';
import type { CommissionStatus } from '../core/ledger.ts';
import type { Tx } from './tx.ts';

/** One world of one workspace. */
export type World = { readonly workspace: string; readonly livemode: boolean };

export type ConversionRow = {
  conversion_id: string;
  kind: 'sale' | 'refund' | 'dispute';
  livemode: boolean;
  source: string;
  external_event_id: string;
  money_key: string;
  keys: string[] | null;
  referral_id: string | null;
  affiliate_id: string | null;
  program_id: string;
  currency: string;
  amount: bigint;
  refunded: bigint;
  base: bigint;
  status: string;
  reason: string | null;
  occurred_at: Date;
  created_at: Date;
  updated_at: Date;
  commission_id: string | null;
  commission_status: CommissionStatus;
  commission_currency: string;
  earned: bigint;
  reversed: bigint;
  incentive_id: string | null;
  incentive_version: number | null;
  hold_days: number | null;
  available_at: Date;
};

/**
 * What is shown of a conversion. A sale that credits nobody shows the default program. Keys come from the
 * payment's state: they are read by payment, and `payment_keys` is sorted by key.
 */
const CONVERSION_COLUMNS = `c.conversion_id, c.kind, c.livemode, c.source, c.external_event_id, c.money_key,
    (SELECT ARRAY(SELECT json_array_elements_text(p.state -> 'keys')) FROM payments p
      WHERE p.workspace_id = c.workspace_id AND p.payment_id = c.payment_id) AS keys,
    c.referral_id, c.affiliate_id, COALESCE(c.program_id, (SELECT d.program_id FROM programs d
      WHERE d.workspace_id = c.workspace_id AND d.is_default)) AS program_id,
    c.currency, c.amount, c.refunded, c.base, c.status, c.reason, c.occurred_at, c.created_at, c.updated_at,
    m.commission_id, m.status AS commission_status, m.currency AS commission_currency, m.earned, m.reversed,
    m.incentive_id, m.incentive_version, m.hold_days, m.available_at`;

/**
 * `c` is the conversion, `m` the one commission that it shows (core/shown.ts). The WHERE that follows always says world,
 * and that `c.status` is not void.
 *
 * Until the tables are first analysed the planner takes every equality for equally selective and may walk an index of
 * the whole workspace. So whatever does not lead to the row is compared in a way that no index serves.
 */
export const SELECT_CONVERSIONS = `SELECT ${CONVERSION_COLUMNS} FROM conversions c
  LEFT JOIN commissions m ON m.workspace_id = c.workspace_id AND m.conversion_id = c.conversion_id
    AND (m.sale_status IS NULL) IS FALSE`;

/** A row of `SELECT_CONVERSIONS` in our words. */
export function conversionOf(row: ConversionRow): ConversionView {
  return {
    id: row.conversion_id,
    kind: row.kind,
    livemode: row.livemode,
    source: row.source,
    externalEventId: row.external_event_id,
    moneyKey: row.money_key,
    keys: row.keys ?? [],
    referralId: row.referral_id,
    affiliateId: row.affiliate_id,
    programId: row.program_id,
    currency: row.currency,
    amount: row.amount,
    refunded: row.refunded,
    base: row.base,
    status: row.status,
    reason: row.reason,
    occurredAt: row.occurred_at.getTime(),
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
    commission: commissionOf(row),
  };
}

function commissionOf(row: ConversionRow): ConversionView['commission'] {
  if (row.commission_id === null) return null;
  return {
    id: row.commission_id,
    status: row.commission_status,
    currency: row.commission_currency,
    earned: row.earned,
    reversed: row.reversed,
    incentiveId: row.incentive_id,
    incentiveVersion: row.incentive_version,
    holdDays: row.hold_days,
    availableAt: row.available_at.getTime(),
  };
}

/** The rows of these ids in one world; `ids` is a subquery, read first, so that each row is found by its key. */
const ofIds = (ids: string): string => `${SELECT_CONVERSIONS}
      WHERE c.workspace_id = $1 AND c.conversion_id = ANY (ARRAY(${ids}))
        AND c.livemode IS NOT DISTINCT FROM $2 AND c.status IS DISTINCT FROM 'void'`;

/** The id of a payment's sale; its own row says which it is. */
const SALE_ID = "p.posted -> 'sale' ->> 'id'";

/**
 * The conversion of this id, or of the commission of this id (`earn_…`); null: this world has none. The id of a
 * conversion that became void, because its money turned out to be another's, answers with the surviving sale: its
 * payment's, or where `merged_into` leads from there.
 */
export async function findConversion(tx: Tx, world: World, id: string): Promise<ConversionView | null> {
  const { rows } = await tx.query<ConversionRow>({
    name: 'find_conversion',
    text: `WITH RECURSIVE asked AS (
        SELECT conversion_id, payment_id, status FROM conversions
        WHERE workspace_id = $1 AND livemode IS NOT DISTINCT FROM $2 AND conversion_id IN ($3,
          (SELECT conversion_id FROM commissions WHERE workspace_id = $1 AND commission_id = $3))
      ), survivor AS (
        SELECT p.merged_into, ${SALE_ID} AS sale_id FROM payments p WHERE p.workspace_id = $1
          AND p.payment_id = ANY (ARRAY(SELECT payment_id FROM asked WHERE status = 'void'))
        UNION
        SELECT p.merged_into, ${SALE_ID} FROM survivor s
          JOIN payments p ON p.workspace_id = $1 AND p.payment_id = s.merged_into
      )
      ${ofIds('SELECT conversion_id FROM asked UNION ALL SELECT sale_id FROM survivor WHERE merged_into IS NULL')}`,
    values: [world.workspace, world.livemode, id],
  });
  return rows[0] ? conversionOf(rows[0]) : null;
}

/** The sale of the payment that this money key names; null: nobody spoke of it, or it is no sale (yet). */
export async function saleByMoneyKey(tx: Tx, world: World, key: string): Promise<ConversionView | null> {
  const { rows } = await tx.query<ConversionRow>({
    name: 'sale_by_money_key',
    text: ofIds(`SELECT ${SALE_ID} FROM payment_keys k
        JOIN payments p ON p.workspace_id = $1 AND p.payment_id = k.payment_id
        WHERE k.workspace_id = $1 AND k.livemode = $2 AND k.key = $3`),
    values: [world.workspace, world.livemode, key],
  });
  return rows[0] ? conversionOf(rows[0]) : null;
}

/**
 * Every source that ever sent this workspace something, found by one index probe each: the inbox is keyed by source
 * before event, so an event id of an unknown source needs their names.
 */
const SOURCES = `sources AS (
    (SELECT source FROM inbox WHERE workspace_id = $1 ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT i.source FROM inbox i WHERE i.workspace_id = $1 AND i.source > s.source ORDER BY i.source LIMIT 1)
    FROM sources s WHERE s.source IS NOT NULL
  )`;

const OF_ANY_SOURCE = 'i.workspace_id = $1 AND i.source = ANY (ARRAY(SELECT source FROM sources))';

/** The keys an event id has in the inbox when it is of one of the workspace's further accounts (core/scope.ts). */
const ofAccounts = (id: string): string =>
  `ARRAY(SELECT scope || '/' || ${id}::text FROM stripe_accounts WHERE workspace_id = $1 AND scope <> '')`;

/**
 * Conversions an event led to, sales first: those it was the first to prove, else the sale of the payment it spoke of.
 * `externalEventId` is an event id of any source or the caller's own id of an API call.
 */
export async function conversionsByEventId(tx: Tx, world: World, externalEventId: string): Promise<ConversionView[]> {
  const { rows } = await tx.query<ConversionRow>({
    name: 'conversions_by_event',
    text: `WITH RECURSIVE ${SOURCES}, own AS (
        SELECT conversion_id FROM conversions WHERE workspace_id = $1 AND external_event_id = $3
          AND livemode IS NOT DISTINCT FROM $2 AND status IS DISTINCT FROM 'void'
      ), told AS (
        SELECT ${SALE_ID} AS sale_id FROM inbox i
        JOIN payment_keys k ON k.workspace_id = $1 AND k.livemode = $2 AND k.key = i.subject
        JOIN payments p ON p.workspace_id = $1 AND p.payment_id = k.payment_id
        WHERE ${OF_ANY_SOURCE} AND i.event_key = ANY ($4::text[] || ${ofAccounts('$3')}) AND i.livemode IS NOT DISTINCT FROM $2
          AND NOT EXISTS (SELECT 1 FROM own)
      )
      ${ofIds('SELECT conversion_id FROM own UNION ALL SELECT sale_id FROM told')}
      ORDER BY c.kind DESC, c.occurred_at, c.conversion_id`,
    values: [world.workspace, world.livemode, externalEventId, eventKeysOf(world, externalEventId)],
  });
  return rows.map(conversionOf);
}

/** Event keys under which a caller's own id may stand in the inbox: as it is, and as an API call is kept. */
function eventKeysOf({ livemode }: World, id: string): string[] {
  const prefix = livemode ? '' : 'test:';
  return [id, `${prefix}sale:${id}`, `${prefix}refund:${id}`];
}

/** The money key an event of any source spoke of first, e.g. `evt_…` → `stripe:invoice:in_…`; null: unknown event. */
export async function subjectOfEvent(tx: Tx, world: World, eventId: string): Promise<string | null> {
  const { rows } = await tx.query<{ subject: string }>({
    name: 'subject_of_event',
    text: `WITH RECURSIVE ${SOURCES}
      SELECT i.subject FROM inbox i WHERE ${OF_ANY_SOURCE} AND i.event_key = ANY (ARRAY[$3] || ${ofAccounts('$3')})
        AND i.livemode IS NOT DISTINCT FROM $2 AND i.subject IS NOT NULL
        ORDER BY i.source, i.event_key <> $3, i.event_key LIMIT 1`,
    values: [world.workspace, world.livemode, eventId],
  });
  return rows[0]?.subject ?? null;
}

/** The first of these money keys that a payment has; null: none of them. */
export async function knownKey(tx: Tx, world: World, keys: readonly string[]): Promise<string | null> {
  const { rows } = await tx.query<{ key: string }>({
    name: 'known_key',
    text: `SELECT key FROM payment_keys WHERE workspace_id = $1 AND livemode = $2 AND key = ANY ($3::text[])
           ORDER BY array_position($3::text[], key) LIMIT 1`,
    values: [world.workspace, world.livemode, keys],
  });
  return rows[0]?.key ?? null;
}
