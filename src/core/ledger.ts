/**
 * Where commission money stands, and how it gets there. Accounts of one commission: `review` (waits for an approval),
 * `pending` (on hold), `payable`, `paid`; `program` is the company that owes it and balances every transfer.
 * Money is never edited: the difference between where it should stand and where it stands becomes transfers.
 */
export type Account = 'program' | 'review' | 'pending' | 'payable' | 'paid';
export type Standing = {
  readonly review: bigint;
  readonly pending: bigint;
  readonly payable: bigint;
  readonly paid: bigint;
};
export type Movement = { readonly debit: Account; readonly credit: Account; readonly amount: bigint };

export type CommissionStatus =
  | 'pending'
  | 'pending_manual_approval'
  | 'ready_for_payment'
  | 'processing_payout'
  | 'paid'
  | 'declined'
  | 'refunded'
  | 'dispute';

export const EMPTY_STANDING: Standing = { review: 0n, pending: 0n, payable: 0n, paid: 0n };
export const ACCOUNTS = ['review', 'pending', 'payable', 'paid'] as const;

type Question = {
  /** Earned minus reversed. */
  readonly net: bigint;
  /** The sale was refunded whole. */
  readonly wholly: boolean;
  readonly manual: boolean;
  /** The hold is over, or there was none. */
  readonly released: boolean;
  /** The newest word of an operator or caller on this commission; null: none. */
  readonly ruling: string | null;
};

/** Status and standing of a commission. A whole refund outranks every word but a decline: there is nothing left. */
export function standing({ net, wholly, manual, released, ruling }: Question): {
  status: CommissionStatus;
  stand: Standing;
} {
  if (ruling === 'declined') return { status: 'declined', stand: EMPTY_STANDING };
  if (wholly || ruling === 'refunded') return { status: 'refunded', stand: EMPTY_STANDING };
  switch (ruling) {
    case 'ready_for_payment':
    case 'processing_payout':
      return { status: ruling, stand: { ...EMPTY_STANDING, payable: net } };
    case 'paid':
      return { status: 'paid', stand: { ...EMPTY_STANDING, paid: net } };
    case 'pending_manual_approval':
    case 'dispute':
      return { status: ruling, stand: { ...EMPTY_STANDING, review: net } };
    case null:
    default:
      break;
  }
  if (manual && ruling !== 'pending')
    return { status: 'pending_manual_approval', stand: { ...EMPTY_STANDING, review: net } };
  if (!released) return { status: 'pending', stand: { ...EMPTY_STANDING, pending: net } };
  return { status: 'ready_for_payment', stand: { ...EMPTY_STANDING, payable: net } };
}

/**
 * The transfers that lead from `have` to `want`: surplus accounts pay deficit accounts directly, what remains goes to
 * or comes from the program. Minimal, deterministic, and applying it to `have` gives exactly `want`.
 */
export function movements(have: Standing, want: Standing): Movement[] {
  const out: Movement[] = [];
  const surplus = ACCOUNTS.flatMap((account) =>
    have[account] > want[account] ? [{ account, amount: have[account] - want[account] }] : [],
  );
  const deficit = ACCOUNTS.flatMap((account) =>
    want[account] > have[account] ? [{ account, amount: want[account] - have[account] }] : [],
  );
  while (surplus.length > 0 || deficit.length > 0) {
    const from = surplus[0] ?? { account: 'program' as const, amount: deficit[0]?.amount ?? 0n };
    const to = deficit[0] ?? { account: 'program' as const, amount: from.amount };
    const amount = from.amount < to.amount ? from.amount : to.amount;
    out.push({ debit: from.account, credit: to.account, amount });
    from.amount -= amount;
    to.amount -= amount;
    if (surplus[0]?.amount === 0n) surplus.shift();
    if (deficit[0]?.amount === 0n) deficit.shift();
  }
  return out;
}

/** `have` after the movements; what `movements` promises is checked with it before anything is written. */
export function applied(have: Standing, moves: readonly Movement[]): Standing {
  const after: Record<(typeof ACCOUNTS)[number], bigint> = { ...have };
  for (const { debit, credit, amount } of moves) {
    if (debit !== 'program') after[debit] -= amount;
    if (credit !== 'program') after[credit] += amount;
  }
  return after;
}
