/**
 * Conversions as the desk shows them: the row, its commission, every money key of its payment. A void conversion is in
 * no list; asked for by its id it answers with the sale that survived it.
 */
import type { ConversionView } from '../core/desk.ts';
import type { CommissionStatus } from '../core/ledger.ts';
import type { Tx } from './tx.ts';

/** One world of one workspace. */
export type World = { readonly workspace: string; readonly livemode: boolean };

export type ConversionRow = {
  conversion_id: string;
  kind: 'sale' | 'refund';
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
 * What to select from `CONVERSION_TABLES`. A sale that credits nobody shows the default program. Keys come from the
 * payment's state: they are read by payment, and `payment_keys` is sorted by key.
 */
export const CONVERSION_COLUMNS = `c.conversion_id, c.kind, c.livemode, c.source, c.external_event_id, c.money_key,
    (SELECT ARRAY(SELECT json_array_elements_text(p.state -> 'keys')) FROM payments p
      WHERE p.workspace_id = c.workspace_id AND p.payment_id = c.payment_id) AS keys,
    c.referral_id, c.affiliate_id, COALESCE(c.program_id, (SELECT d.program_id FROM programs d
      WHERE d.workspace_id = c.workspace_id AND d.is_default)) AS program_id,
    c.currency, c.amount, c.refunded, c.base, c.status, c.reason, c.occurred_at, c.created_at, c.updated_at,
    m.commission_id, m.status AS commission_status, m.currency AS commission_currency, m.earned, m.reversed,
    m.incentive_id, m.incentive_version, m.hold_days, m.available_at`;

/** `c` is the conversion, `m` its commission. The WHERE that follows always says world, and `c.status <> 'void'`. */
export const CONVERSION_TABLES = `conversions c
  LEFT JOIN commissions m ON m.workspace_id = c.workspace_id AND m.conversion_id = c.conversion_id
    AND m.affiliate_id = c.affiliate_id`;

export const SELECT_CONVERSIONS = `SELECT ${CONVERSION_COLUMNS} FROM ${CONVERSION_TABLES}`;

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

/** From any payment to the one that survived it: `merged_into` may lead over several. */
const SURVIVOR = `survivor AS (
    SELECT p.payment_id, p.merged_into FROM payments p
      WHERE p.workspace_id = $1 AND p.livemode = $2 AND p.payment_id IN (SELECT payment_id FROM start)
    UNION
    SELECT p.payment_id, p.merged_into FROM survivor s
      JOIN payments p ON p.workspace_id = $1 AND p.payment_id = s.merged_into
  )`;

const SALES_OF_SURVIVORS = `SELECT o.conversion_id FROM survivor v JOIN conversions o
      ON o.workspace_id = $1 AND o.payment_id = v.payment_id AND o.kind = 'sale' WHERE v.merged_into IS NULL`;

/**
 * The conversion of this id, or of the commission of this id (`earn_…`); null: this world has none. The id of a
 * conversion that became void, because its money turned out to be another's, answers with the surviving sale.
 */
export async function findConversion(
  tx: Tx,
  world: World,
  id: string,
): Promise<ConversionView | null> {
  const { rows } = await tx.query<ConversionRow>({
    name: 'find_conversion',
    text: `WITH RECURSIVE asked AS (
        SELECT conversion_id, payment_id, status FROM conversions
        WHERE workspace_id = $1 AND livemode = $2 AND conversion_id IN ($3,
          (SELECT conversion_id FROM commissions WHERE workspace_id = $1 AND commission_id = $3))
      ), start AS (SELECT payment_id FROM asked WHERE status = 'void'), ${SURVIVOR}
      ${SELECT_CONVERSIONS}
      WHERE c.workspace_id = $1 AND c.livemode = $2 AND c.status <> 'void' AND c.conversion_id IN (
        SELECT conversion_id FROM asked UNION ALL ${SALES_OF_SURVIVORS})`,
    values: [world.workspace, world.livemode, id],
  });
  return rows[0] ? conversionOf(rows[0]) : null;
}

/** The sale and the refunds of a payment, the sale first; of its survivor, when it was united with another. */
export async function conversionsOfPayment(
  tx: Tx,
  world: World,
  paymentId: string,
): Promise<ConversionView[]> {
  const { rows } = await tx.query<ConversionRow>({
    name: 'conversions_of_payment',
    text: `WITH RECURSIVE start AS (SELECT $3::text AS payment_id), ${SURVIVOR}
      ${SELECT_CONVERSIONS}
      WHERE c.workspace_id = $1 AND c.livemode = $2 AND c.status <> 'void'
        AND c.payment_id IN (SELECT payment_id FROM survivor WHERE merged_into IS NULL)
      ORDER BY c.kind DESC, c.occurred_at, c.money_key`,
    values: [world.workspace, world.livemode, paymentId],
  });
  return rows.map(conversionOf);
}

/** The sale of the payment that this money key names; null: nobody spoke of it, or it is no sale (yet). */
export async function saleByMoneyKey(
  tx: Tx,
  world: World,
  key: string,
): Promise<ConversionView | null> {
  const { rows } = await tx.query<ConversionRow>({
    name: 'sale_by_money_key',
    text: `${SELECT_CONVERSIONS}
      JOIN payment_keys k ON k.workspace_id = c.workspace_id AND k.payment_id = c.payment_id AND k.livemode = c.livemode
      WHERE c.workspace_id = $1 AND c.livemode = $2 AND c.status <> 'void' AND c.kind = 'sale' AND k.key = $3`,
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

/**
 * Conversions an event led to, sales first: those it was the first to prove, else the sale of the payment it spoke of.
 * `externalEventId` is an event id of any source or the caller's own id of an API call.
 */
export async function conversionsByEventId(
  tx: Tx,
  world: World,
  externalEventId: string,
): Promise<ConversionView[]> {
  const { rows } = await tx.query<ConversionRow>({
    name: 'conversions_by_event',
    text: `WITH RECURSIVE ${SOURCES}, own AS (
        SELECT conversion_id FROM conversions
        WHERE workspace_id = $1 AND livemode = $2 AND external_event_id = $3 AND status <> 'void'
      ), told AS (
        SELECT o.conversion_id FROM inbox i
        JOIN payment_keys k ON k.workspace_id = $1 AND k.livemode = $2 AND k.key = i.subject
        JOIN conversions o ON o.workspace_id = $1 AND o.payment_id = k.payment_id AND o.kind = 'sale'
        WHERE i.workspace_id = $1 AND i.livemode = $2 AND i.source IN (SELECT source FROM sources)
          AND i.event_key = ANY ($4::text[]) AND NOT EXISTS (SELECT 1 FROM own)
      )
      ${SELECT_CONVERSIONS}
      WHERE c.workspace_id = $1 AND c.livemode = $2 AND c.status <> 'void'
        AND c.conversion_id IN (SELECT conversion_id FROM own UNION ALL SELECT conversion_id FROM told)
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

/** The first of `conversionsByEventId`; null: the event is unknown in this world, or led to nothing. */
export async function conversionByEventId(
  tx: Tx,
  world: World,
  externalEventId: string,
): Promise<ConversionView | null> {
  const [first] = await conversionsByEventId(tx, world, externalEventId);
  return first ?? null;
}

/** The money key an event of any source spoke of first, e.g. `evt_…` → `stripe:invoice:in_…`; null: unknown event. */
export async function subjectOfEvent(
  tx: Tx,
  world: World,
  eventId: string,
): Promise<string | null> {
  const { rows } = await tx.query<{ subject: string }>({
    name: 'subject_of_event',
    text: `WITH RECURSIVE ${SOURCES}
      SELECT subject FROM inbox
      WHERE workspace_id = $1 AND livemode = $2 AND source IN (SELECT source FROM sources) AND event_key = $3
        AND subject IS NOT NULL ORDER BY source LIMIT 1`,
    values: [world.workspace, world.livemode, eventId],
  });
  return rows[0]?.subject ?? null;
}
