/** Exchange rates as they were given: inserted once, never changed, because money was converted by them. */
import { rateKey } from '../core/exchange.ts';
import type { ExchangeRate } from '../core/rules.ts';
import type { RateView } from '../core/views.ts';
import { toIso } from '../core/time.ts';
import { selectPage, type Limits } from './pages.ts';
import type { PaymentName } from './referrals.ts';
import type { Tx } from './tx.ts';

export type NewRate = Omit<RateView, 'createdAt'>;

export const dayText = (day: number): string => toIso(day).slice(0, 10);

const columnsOf = (rates: readonly NewRate[]): unknown[] => [
  rates.map((one) => one.from),
  rates.map((one) => one.to),
  rates.map((one) => dayText(one.day)),
  rates.map((one) => String(one.ratio.num)),
  rates.map((one) => String(one.ratio.den)),
  rates.map((one) => one.source),
];

/**
 * One statement: the rates that are new, with one new rules version for all of them, and everything that makes waiting
 * payments meet them. A batch that decided to wait without having seen the rate wrote the pair's row in `prices`, or is
 * about to and finds another version; a payment that waits is due at once, so that the worker decides it whatever
 * becomes of this process. Returns how many were new.
 */
export async function insertRates(tx: Tx, workspace: string, rates: readonly NewRate[], now: number): Promise<number> {
  const keys = [...new Set(rates.map(({ from, to }) => rateKey(from, to)))].toSorted();
  const { rows } = await tx.query<{ fresh: number }>({
    text: `WITH given AS (
        SELECT * FROM unnest($2::text[], $3::text[], $4::date[], $5::numeric[], $6::numeric[], $7::text[])
          AS g(from_currency, to_currency, day, numerator, denominator, source)
        WHERE NOT EXISTS (SELECT 1 FROM exchange_rates r WHERE r.workspace_id = $1
          AND (r.from_currency, r.to_currency, r.day) = (g.from_currency, g.to_currency, g.day))
      ), bumped AS (
        UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 AND EXISTS (SELECT 1 FROM given)
        RETURNING rules_version
      ), fresh AS (
        INSERT INTO exchange_rates (workspace_id, from_currency, to_currency, day, numerator, denominator, source, since, created_at)
        SELECT $1, given.*, rules_version, $9 FROM given, bumped ON CONFLICT DO NOTHING RETURNING 1
      ), met AS (
        INSERT INTO prices AS p (workspace_id, livemode, price_key, version, state)
        SELECT $1, world.livemode, k, 1, $10 FROM unnest($8::text[]) k, (VALUES (false), (true)) world(livemode), bumped ORDER BY 2, 3
        ON CONFLICT (workspace_id, livemode, price_key) DO UPDATE SET version = p.version + 1
      ), woken AS (
        UPDATE payments SET wake_at = $9 FROM bumped
        WHERE workspace_id = $1 AND livemode IN (true, false) AND awaits_prices IS NOT NULL AND awaits_prices && $8::text[]
      )
      SELECT count(*)::int AS fresh FROM fresh`,
    values: [workspace, ...columnsOf(rates), keys, new Date(now).toISOString(), NO_PRICE],
  });
  return rows[0]?.fresh ?? 0;
}

/** The state of a pair's row: nothing is ever told of it, payments only meet there. */
const NO_PRICE = JSON.stringify({ stamp: null, product: null, interval: null });

/** Days of the given rates that are known with another rate, oldest first. */
export async function otherRates(tx: Tx, workspace: string, rates: readonly NewRate[]): Promise<RateView[]> {
  const { rows } = await tx.query<RateRow>({
    text: `SELECT ${SHOWN} FROM exchange_rates r WHERE r.workspace_id = $1 AND EXISTS (
             SELECT 1 FROM unnest($2::text[], $3::text[], $4::date[], $5::numeric[], $6::numeric[], $7::text[])
               AS g(from_currency, to_currency, day, numerator, denominator, source)
             WHERE (g.from_currency, g.to_currency, g.day) = (r.from_currency, r.to_currency, r.day)
               AND g.numerator * r.denominator <> r.numerator * g.denominator)
           ORDER BY r.day, r.from_currency, r.to_currency`,
    values: [workspace, ...columnsOf(rates)],
  });
  return rows.map(viewOf);
}

const RATE = `from_currency, to_currency, day::text AS day, numerator::text AS numerator, denominator::text AS denominator,
  source`;
const SHOWN = `${RATE}, created_at`;

type Row = {
  from_currency: string;
  to_currency: string;
  day: string;
  numerator: string;
  denominator: string;
  source: string;
};
type RateRow = Row & { created_at: Date };

function rateOf(row: Row): NewRate {
  return {
    from: row.from_currency,
    to: row.to_currency,
    day: Date.parse(`${row.day}T00:00:00Z`),
    ratio: { num: BigInt(row.numerator), den: BigInt(row.denominator) },
    source: row.source,
  };
}

function viewOf(row: RateRow): RateView {
  return { ...rateOf(row), createdAt: row.created_at.getTime() };
}

/** Every rate that was given, with the rules version from which it is known. */
export async function loadRates(tx: Tx, workspace: string): Promise<ExchangeRate[]> {
  const { rows } = await tx.query<Row & { since: bigint }>({
    text: `SELECT ${RATE}, since FROM exchange_rates WHERE workspace_id = $1`,
    values: [workspace],
  });
  return rows.map((row) => ({ ...rateOf(row), since: Number(row.since) }));
}

/** Newest day first. */
export async function listRates(
  tx: Tx,
  workspace: string,
  filter: Limits & { readonly from: string | null; readonly to: string | null },
): Promise<{ rows: RateView[]; total: number }> {
  const { rows, total } = await selectPage<RateRow>(
    tx,
    {
      columns: SHOWN,
      from: 'exchange_rates r',
      where: `workspace_id = $1 AND ($2::text IS NULL OR from_currency = $2)
        AND ($3::text IS NULL OR to_currency = $3)`,
      order: 'r.day DESC, from_currency, to_currency',
      values: [workspace, filter.from, filter.to],
    },
    filter,
  );
  return { rows: rows.map(viewOf), total };
}

/** Payments of both worlds that wait for a rate of these pairs. */
export async function paymentsAwaitingRates(
  tx: Tx,
  workspace: string,
  pairs: readonly Pick<NewRate, 'from' | 'to'>[],
): Promise<PaymentName[]> {
  const { rows } = await tx.query<{ payment_id: string; livemode: boolean }>({
    text: `SELECT payment_id, livemode FROM payments
           WHERE workspace_id = $1 AND livemode IN (true, false) AND awaits_prices IS NOT NULL
             AND awaits_prices && $2::text[] ORDER BY payment_id`,
    values: [workspace, [...new Set(pairs.map(({ from, to }) => rateKey(from, to)))]],
  });
  return rows.map((row) => ({ id: row.payment_id, livemode: row.livemode }));
}
