/** What stands, read from the ledger itself, and the journal it must follow from. */
import type { AffiliateView } from '../core/rules.ts';
import type { LoadedClick } from '../core/visitors.ts';
import type { Tx } from './tx.ts';
import { VISIT } from './visitors.ts';

export type Position = {
  readonly livemode: boolean;
  readonly moneyKey: string;
  readonly affiliateId: string;
  readonly currency: string;
  readonly account: string;
  readonly amount: bigint;
};

/** The sum of all transfers per payment, affiliate and account; accounts at zero are left out. */
export async function positionsOf(tx: Tx, workspace: string): Promise<Position[]> {
  const { rows } = await tx.query<{
    livemode: boolean;
    money_key: string;
    affiliate_id: string;
    currency: string;
    account: string;
    amount: bigint;
  }>({
    text: `WITH entries AS (
        SELECT commission_id, affiliate_id, currency, livemode, credit AS account, amount FROM transfers WHERE workspace_id = $1
        UNION ALL
        SELECT commission_id, affiliate_id, currency, livemode, debit, -amount FROM transfers WHERE workspace_id = $1
      )
      SELECT e.livemode, v.money_key, e.affiliate_id, e.currency, e.account, sum(e.amount)::bigint AS amount
      FROM entries e
      JOIN commissions c ON c.workspace_id = $1 AND c.commission_id = e.commission_id
      JOIN conversions v ON v.workspace_id = $1 AND v.conversion_id = c.conversion_id
      WHERE e.account <> 'program'
      GROUP BY 1, 2, 3, 4, 5 HAVING sum(e.amount) <> 0`,
    values: [workspace],
  });
  return rows.map((row) => ({
    livemode: row.livemode,
    moneyKey: row.money_key,
    affiliateId: row.affiliate_id,
    currency: row.currency,
    account: row.account,
    amount: row.amount,
  }));
}

/** Balance rows that differ from the sum of their transfers; none, unless something is badly wrong. */
export async function wrongBalances(tx: Tx, workspace: string): Promise<string[]> {
  const { rows } = await tx.query<{ line: string }>({
    text: `WITH entries AS (
        SELECT affiliate_id, currency, livemode, credit AS account, amount FROM transfers WHERE workspace_id = $1
        UNION ALL SELECT affiliate_id, currency, livemode, debit, -amount FROM transfers WHERE workspace_id = $1
      ), sums AS (
        SELECT affiliate_id, currency, livemode,
          COALESCE(sum(amount) FILTER (WHERE account = 'review'), 0) AS review,
          COALESCE(sum(amount) FILTER (WHERE account = 'pending'), 0) AS pending,
          COALESCE(sum(amount) FILTER (WHERE account = 'payable'), 0) AS payable,
          COALESCE(sum(amount) FILTER (WHERE account = 'paid'), 0) AS paid
        FROM entries GROUP BY 1, 2, 3
      )
      SELECT format('%s %s: balance %s/%s/%s/%s, transfers %s/%s/%s/%s', COALESCE(b.affiliate_id, s.affiliate_id),
        COALESCE(b.currency, s.currency), b.review, b.pending, b.payable, b.paid, s.review, s.pending, s.payable, s.paid) AS line
      FROM (SELECT * FROM balances WHERE workspace_id = $1) b
      FULL JOIN sums s ON s.affiliate_id = b.affiliate_id AND s.currency = b.currency AND s.livemode = b.livemode
      WHERE (b.review, b.pending, b.payable, b.paid) IS DISTINCT FROM (s.review, s.pending, s.payable, s.paid)`,
    values: [workspace],
  });
  return rows.map((row) => row.line);
}

/** Conversions as they stand, without ids and times of ours. */
export async function conversionLines(tx: Tx, workspace: string): Promise<string[]> {
  const { rows } = await tx.query<{ line: string }>({
    text: `SELECT concat_ws(' ', livemode, kind, money_key, external_event_id, status, COALESCE(reason, '-'), COALESCE(affiliate_id, '-'),
             currency, amount, refunded, base) AS line
           FROM conversions WHERE workspace_id = $1 AND status <> 'void'`,
    values: [workspace],
  });
  return rows.map((row) => row.line);
}

/** Commissions as they stand and are shown; those withdrawn say nothing. */
export async function commissionLines(tx: Tx, workspace: string): Promise<string[]> {
  const { rows } = await tx.query<{ line: string }>({
    text: `SELECT concat_ws(' ', c.livemode, 'commission', v.money_key, c.affiliate_id, c.currency, c.status, c.base, c.earned,
             c.reversed, COALESCE(c.incentive_id, '-'), COALESCE(c.incentive_version, 0)) AS line
           FROM commissions c JOIN conversions v USING (workspace_id, conversion_id)
           WHERE c.workspace_id = $1 AND NOT (c.status = 'declined' AND c.earned = 0)`,
    values: [workspace],
  });
  return rows.map((row) => row.line);
}

export type JournalEvent = {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly rules: number;
  readonly at: number;
  readonly received: number;
  readonly scope: string;
  readonly body: string | null;
};

/** A page of the events that had an effect (also when they are being replayed, or a replay failed), in key order; `after` is the last one of the page before. */
export async function journalPage(
  tx: Tx,
  workspace: string,
  after: { source: string; id: string } | null,
  limit: number,
): Promise<JournalEvent[]> {
  const { rows } = await tx.query<{
    source: string;
    event_key: string;
    type: string;
    livemode: boolean;
    rules: bigint;
    occurred_at: Date;
    received_at: Date;
    scope: string;
    body: string | null;
  }>({
    text: `SELECT i.source, i.event_key, i.type, i.livemode, i.rules, i.occurred_at, i.received_at, i.scope, p.body
           FROM inbox i LEFT JOIN payloads p USING (workspace_id, source, event_key)
           WHERE i.workspace_id = $1 AND (i.state IN ('done', 'parked') OR i.subject IS NOT NULL) AND (i.source, i.event_key) > ($2, $3)
           ORDER BY i.source, i.event_key LIMIT $4`,
    values: [workspace, after?.source ?? '', after?.id ?? '', limit],
  });
  return rows.map((row) => ({
    source: row.source,
    id: row.event_key,
    type: row.type,
    livemode: row.livemode,
    rules: Number(row.rules),
    at: row.occurred_at.getTime(),
    received: row.received_at.getTime(),
    scope: row.scope,
    body: row.body,
  }));
}

export type KnownReferral = {
  readonly id: string;
  readonly affiliateId: string | null;
  readonly programId: string;
  readonly status: string;
  /** The live world does not know it. */
  readonly testOnly: boolean;
  readonly history: AffiliateView['history'] | null;
  /** null: it is no click of a visitor who may come back. */
  readonly visitor: string | null;
  readonly visit: Omit<LoadedClick, 'visitor' | 'id'>;
};

/** Referrals with their affiliates: a journal of their own, so verification takes them as given. */
export async function allReferrals(tx: Tx, workspace: string): Promise<KnownReferral[]> {
  const { rows } = await tx.query<{
    referral_id: string;
    affiliate_id: string | null;
    program_id: string;
    status: string;
    test_only: boolean;
    history: AffiliateView['history'] | null;
    visitor_id: string | null;
    visit: KnownReferral['visit'];
  }>({
    text: `SELECT r.referral_id, r.affiliate_id, r.program_id, r.status, r.test_only, a.history, r.visitor_id, ${VISIT} AS visit FROM referrals r
           LEFT JOIN affiliates a USING (workspace_id, affiliate_id) WHERE r.workspace_id = $1`,
    values: [workspace],
  });
  return rows.map((row) => ({
    id: row.referral_id,
    affiliateId: row.affiliate_id,
    programId: row.program_id,
    status: row.status,
    testOnly: row.test_only,
    history: row.history,
    visitor: row.visitor_id,
    visit: row.visit,
  }));
}

export type ClockRow = {
  readonly livemode: boolean;
  readonly key: string;
  readonly matured: number | null;
  readonly released: number | null;
};

/** Decisions of the clock by money key: recorded with the payment, because no event can tell them again. */
export async function clockDecisions(tx: Tx, workspace: string): Promise<ClockRow[]> {
  const { rows } = await tx.query<{
    livemode: boolean;
    key: string;
    clock: { matured: number | null; released: number | null };
  }>({
    text: `SELECT p.livemode, p.state -> 'keys' ->> 0 AS key, p.state -> 'clock' AS clock FROM payments p
           WHERE p.workspace_id = $1 AND p.merged_into IS NULL
             AND (p.state -> 'clock' ->> 'matured' IS NOT NULL OR p.state -> 'clock' ->> 'released' IS NOT NULL)`,
    values: [workspace],
  });
  return rows.map((row) => ({
    livemode: row.livemode,
    key: row.key,
    matured: row.clock.matured,
    released: row.clock.released,
  }));
}
