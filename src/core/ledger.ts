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
  /** The part of `net` that open disputes ask back; never more than `net`. */
  readonly held: bigint;
  /** Everything went back. */
  readonly wholly: boolean;
  /** A person has to look at it: the incentive's approval, a fraud warning, a partner on hold. */
  readonly manual: boolean;
  /** The hold is over, or there was none. */
  readonly released: boolean;
  /** The newest word of an operator or caller on this commission; null: none. */
  readonly ruling: string | null;
  /** What was paid out by that word, or by one before it; 0: nothing was. */
  readonly paidOut: bigint;
  /** Open disputes of what was paid out already count against the partner at once (cases.md 105). */
  readonly provisional: boolean;
};

type Stands = { status: CommissionStatus; stand: Standing };

/**
 * Status and standing of a commission. What was paid out stays paid: a refund after it makes `payable` negative, and the
 * next payout nets it (cases.md 86, 87). A batch on its way is not touched. Before that, a whole refund outranks every
 * word but a decline: there is nothing left.
 */
export function standing(question: Question): Stands {
  const { net, held, wholly, ruling, paidOut, provisional } = question;
  if (ruling === 'declined' || ruling === 'refunded') return { status: ruling, stand: owed(paidOut) };
  // An operator who says that a payout is disputed does not say that it never went out.
  if (ruling === 'paid' || (ruling === 'dispute' && paidOut > 0n)) {
    const review = !provisional ? 0n : ruling === 'paid' ? held : net;
    return { status: ruling, stand: { ...EMPTY_STANDING, paid: paidOut, review, payable: net - paidOut - review } };
  }
  if (ruling === 'processing_payout') return { status: ruling, stand: { ...EMPTY_STANDING, payable: net } };
  if (wholly) return { status: 'refunded', stand: EMPTY_STANDING };
  const { status, account } = placeOf(question);
  const free = net - held;
  if (held === 0n) return { status, stand: { ...EMPTY_STANDING, [account]: net } };
  return {
    status: 'dispute',
    stand: { ...EMPTY_STANDING, [account]: free, review: account === 'review' ? net : held },
  };
}

/** Nothing of it is due: what was paid out all the same is owed back. */
const owed = (paidOut: bigint): Standing => ({ ...EMPTY_STANDING, paid: paidOut, payable: -paidOut });

/** Where a commission stands that is neither disputed nor paid out. */
function placeOf({ ruling, manual, released }: Question): {
  status: CommissionStatus;
  account: 'review' | 'pending' | 'payable';
} {
  if (ruling === 'ready_for_payment') return { status: ruling, account: 'payable' };
  if (ruling === 'pending_manual_approval' || ruling === 'dispute') return { status: ruling, account: 'review' };
  if (manual && ruling !== 'pending') return { status: 'pending_manual_approval', account: 'review' };
  return released ? { status: 'ready_for_payment', account: 'payable' } : { status: 'pending', account: 'pending' };
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
