/** The ledger as it is read: what an affiliate has, now or at a moment, and how it came about. */
import type { PaidOut } from '../core/facts.ts';
import type { BalanceView, TransferView } from '../core/views.ts';
import { selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

type BalanceRow = {
  currency: string;
  review: bigint;
  pending: bigint;
  payable: bigint;
  paid: bigint;
};

function balanceOf({ currency, ...standing }: BalanceRow): BalanceView {
  return { currency, standing };
}

/** The present balances, one per currency that ever moved. */
export async function balancesNow(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  affiliate: string,
): Promise<BalanceView[]> {
  const { rows } = await tx.query<BalanceRow>({
    text: `SELECT currency, review, pending, payable, paid FROM balances
           WHERE workspace_id = $1 AND affiliate_id = $2 AND livemode = $3 ORDER BY currency`,
    values: [workspace, affiliate, livemode],
  });
  return rows.map(balanceOf);
}

/** The balances as the transfers up to and including a moment make them. `at` in milliseconds UTC. */
export async function balancesAt(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  affiliate: string,
  at: number,
): Promise<BalanceView[]> {
  const sum = (account: string): string =>
    `COALESCE(sum(CASE WHEN credit = '${account}' THEN amount WHEN debit = '${account}' THEN -amount END), 0)::bigint AS ${account}`;
  const { rows } = await tx.query<BalanceRow>({
    text: `SELECT currency, ${['review', 'pending', 'payable', 'paid'].map(sum).join(', ')} FROM transfers
           WHERE workspace_id = $1 AND affiliate_id = $2 AND livemode = $3 AND at <= $4
           GROUP BY currency ORDER BY currency`,
    values: [workspace, affiliate, livemode, new Date(at).toISOString()],
  });
  return rows.map(balanceOf);
}

type TransferRow = {
  transfer_id: string;
  commission_id: string;
  conversion_id: string;
  debit: string;
  credit: string;
  amount: bigint;
  currency: string;
  reason: string;
  at: Date;
};

const TRANSFER = `t.transfer_id, t.commission_id, c.conversion_id, t.debit, t.credit, t.amount, t.currency, t.reason, t.at`;
// Affiliate and world are the same in both; naming them lets the index of an affiliate's transfers be used.
const OF_COMMISSION = `JOIN commissions c ON c.workspace_id = t.workspace_id AND c.commission_id = t.commission_id
  AND c.affiliate_id = t.affiliate_id AND c.livemode = t.livemode`;

function transferOf(row: TransferRow): TransferView {
  return {
    id: row.transfer_id,
    commissionId: row.commission_id,
    conversionId: row.conversion_id,
    debit: row.debit,
    credit: row.credit,
    amount: row.amount,
    currency: row.currency,
    reason: row.reason,
    at: row.at.getTime(),
  };
}

/** An affiliate's transfers, newest first; ids are time-ordered. */
export async function listTransfers(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  affiliate: string,
  limits: Limits,
): Promise<{ rows: TransferView[]; total: number }> {
  const { rows, total } = await selectPage<TransferRow>(
    tx,
    {
      columns: TRANSFER,
      from: 'transfers t',
      joins: OF_COMMISSION,
      where: 't.workspace_id = $1 AND t.affiliate_id = $2 AND t.livemode = $3',
      order: 't.at DESC, t.transfer_id DESC',
      values: [workspace, affiliate, livemode],
    },
    limits,
  );
  return { rows: rows.map(transferOf), total };
}

/** All transfers of the commissions of some conversions, in the order they happened. */
export async function transfersOf(tx: Tx, workspace: string, conversions: readonly string[]): Promise<TransferView[]> {
  const { rows } = await tx.query<TransferRow>({
    text: `SELECT ${TRANSFER} FROM transfers t ${OF_COMMISSION} WHERE t.workspace_id = $1 AND c.conversion_id = ANY ($2::text[])
           ORDER BY t.at, t.transfer_id`,
    values: [workspace, conversions],
  });
  return rows.map(transferOf);
}

/** What each affiliate of a sale is due for it now: earned less what went back. */
export async function dueOf(tx: Tx, workspace: string, conversionId: string): Promise<PaidOut[]> {
  const { rows } = await tx.query<{
    affiliate_id: string;
    referral_id: string;
    program_id: string;
    currency: string;
    due: bigint;
  }>({
    text: `SELECT affiliate_id, referral_id, program_id, currency, earned - reversed AS due FROM commissions
           WHERE workspace_id = $1 AND conversion_id = $2 AND earned > 0 ORDER BY commission_id`,
    values: [workspace, conversionId],
  });
  return rows.map((row) => ({
    affiliateId: row.affiliate_id,
    referralId: row.referral_id,
    programId: row.program_id,
    currency: row.currency,
    amount: row.due,
  }));
}
