/** What a sale's gain comes to: what went back of it, its status, and where its money should stand. */
import type { Referral } from './attribution.ts';
import type { Sale } from './collect.ts';
import type { Counted, Gone } from './counted.ts';
import type { Earning, Gain } from './earn.ts';
import type { PaidOut } from './facts.ts';
import { EMPTY_STANDING, standing, type CommissionStatus, type Standing } from './ledger.ts';
import type { Part } from './parts.ts';
import { reversedByLine } from './reversal.ts';
import type { Settings } from './rules.ts';
import type { PaymentState } from './state.ts';
import { DAY_MS, type Moment } from './time.ts';

export type Commission = {
  readonly affiliateId: string;
  readonly referralId: string;
  readonly programId: string;
  readonly status: CommissionStatus;
  readonly currency: string;
  readonly base: bigint;
  readonly earned: bigint;
  readonly reversed: bigint;
  readonly incentiveId: string | null;
  readonly incentiveVersion: number | null;
  readonly holdDays: number | null;
  readonly availableAt: Moment;
  readonly releasedAt: Moment | null;
  /** When the clock has to look at it; null: it waits for nothing that time brings. */
  readonly wakeAt: Moment | null;
  readonly standing: Standing;
  readonly parts: readonly Part[];
};

type Given = {
  readonly state: PaymentState;
  readonly sale: Sale;
  /** null: nobody is credited now. */
  readonly referral: Referral | null;
  readonly earning: Earning;
  readonly counted: readonly Counted[];
  readonly gone: Gone;
  readonly settings: Settings;
};

export function commissionsOf(given: Given): Commission[] {
  const { referral } = given;
  const own = referral ? given.earning.gains.map((gain) => commissionOf(given, gain, referral)) : [];
  return [...own, ...formerly(given)];
}

function commissionOf(given: Given, gain: Gain, referral: Referral): Commission {
  const { sale, earning, gone, settings } = given;
  const { reversed, held } = backOf(given, gain);
  const times = timesOf(given);
  const word = wordOf(given, gain);
  const { status, stand } = standing({
    net: gain.amount - reversed,
    held,
    wholly: gone.gone > 0n && gone.gone >= sale.cash,
    manual: earning.manual || times.warned,
    released: times.releasedAt !== null,
    ruling: word.status,
    paidOut: word.paidOut ?? (word.status === 'paid' ? paidOutBy(given, gain, word.at) : 0n),
    provisional: settings.provisionalDisputes,
  });
  const [first] = gain.parts;
  const waits = times.releasedAt === null && (times.warned || stand.pending > 0n);
  return {
    affiliateId: gain.affiliateId,
    referralId: referral.id,
    programId: referral.programId,
    status,
    currency: earning.currency,
    base: earning.commissionBase,
    earned: gain.amount,
    reversed,
    incentiveId: first?.incentive ?? null,
    incentiveVersion: first?.version ?? null,
    holdDays: earning.holdDays,
    availableAt: times.availableAt,
    releasedAt: times.releasedAt,
    wakeAt: waits ? times.availableAt : null,
    standing: stand,
    parts: gain.parts,
  };
}

/** What went back, and what more would go if every open dispute were lost. */
function backOf({ sale, counted, gone }: Given, gain: Gain): { reversed: bigint; held: bigint } {
  if (sale.cash <= 0n) return { reversed: 0n, held: 0n };
  const reversed = reversedByLine(gain.shares, counted, gone.gone, sale.cash);
  if (gone.held === 0n) return { reversed, held: 0n };
  return { reversed, held: reversedByLine(gain.shares, counted, gone.gone + gone.held, sale.cash) - reversed };
}

/**
 * The hold counts from the payment; a fraud warning prolongs it, and until then a person may decide (cases.md 111). The
 * clock's word that it is over counts only when it was said after the hold as it is now.
 */
function timesOf({ state, sale, earning, settings }: Given): {
  availableAt: Moment;
  releasedAt: Moment | null;
  warned: boolean;
} {
  const own = sale.paidAt + (earning.holdDays ?? 0) * DAY_MS;
  const warnings = Object.values(state.warnings).map(({ at }) => at + settings.warningDays * DAY_MS);
  const availableAt = Math.max(own, ...warnings);
  if (!earning.holdDays && warnings.length === 0) return { availableAt, releasedAt: availableAt, warned: false };
  const { released } = state.clock;
  const releasedAt = released !== null && released >= availableAt ? released : null;
  return { availableAt, releasedAt, warned: warnings.length > 0 && releasedAt === null };
}

/** What an operator or a caller said last of one affiliate's commission, and what was paid out to them before. */
type Word = { readonly status: string | null; readonly at: Moment; readonly paidOut: bigint | null };

const NO_WORD: Word = { status: null, at: 0, paidOut: null };

/** Words that say that nothing was paid yet. */
const UNPAID = new Set(['ready_for_payment', 'pending', 'pending_manual_approval', 'processing_payout']);

/** Words that a fraud warning heard after them takes back: nobody knew of it when they were said. */
const APPROVALS = new Set(['ready_for_payment', 'pending']);

/**
 * A payout names whom it paid; for anybody else it is no word at all. What goes out is what stood when the payout began:
 * a refund meanwhile does not touch the batch (cases.md 87).
 */
function wordOf({ state, sale, earning }: Given, gain: Gain): Word {
  const rulings = state.rulings.filter(({ amounts }) => !amounts || paidIn(amounts, gain.affiliateId) !== null);
  const newest = rulings.at(-1);
  if (!newest) {
    const first = earning.gains[0] === gain;
    return { ...NO_WORD, status: first ? (sale.report?.commissionStatus ?? null) : null, at: sale.paidAt };
  }
  const before = rulings.at(-2);
  const begun = newest.status === 'paid' && before?.status === 'processing_payout' ? before : newest;
  const paid = rulings.findLast(({ status }) => status === 'paid');
  const amounts = (begun === newest ? paid?.amounts : begun.amounts) ?? paid?.amounts;
  const warnedAt = Math.max(0, ...Object.values(state.warnings).map(({ at }) => at));
  if (APPROVALS.has(newest.status) && warnedAt > newest.stamp.at) return { ...NO_WORD, at: newest.stamp.at };
  return { status: newest.status, at: begun.stamp.at, paidOut: amounts ? paidIn(amounts, gain.affiliateId) : null };
}

function paidIn(amounts: readonly PaidOut[], affiliateId: string): bigint | null {
  const own = amounts.filter((one) => one.affiliateId === affiliateId);
  return own.length === 0 ? null : own.reduce((sum, { amount }) => sum + amount, 0n);
}

/**
 * Whoever was paid and is not credited any more (a late link, another currency) owes it: what was paid stays paid, and
 * the next payout nets it.
 */
function formerly({ state, sale, earning }: Given): Commission[] {
  // Taken back by a later word: then nothing was paid.
  if (UNPAID.has(state.rulings.at(-1)?.status ?? '')) return [];
  const paid = state.rulings.findLast(({ status }) => status === 'paid')?.amounts ?? [];
  const credited = new Set(earning.gains.map(({ affiliateId }) => `${affiliateId}\n${earning.currency}`));
  return paid
    .filter(({ affiliateId, currency, amount }) => amount > 0n && !credited.has(`${affiliateId}\n${currency}`))
    .map(({ affiliateId, referralId, programId, currency, amount }) => ({
      affiliateId,
      referralId,
      programId,
      status: 'paid',
      currency,
      base: 0n,
      earned: 0n,
      reversed: 0n,
      incentiveId: null,
      incentiveVersion: null,
      holdDays: null,
      availableAt: sale.paidAt,
      releasedAt: sale.paidAt,
      wakeAt: null,
      standing: { ...EMPTY_STANDING, paid: amount, payable: -amount },
      parts: [],
    }));
}

/** What had not gone back when it was said to be paid, where nobody told the amount. */
function paidOutBy({ sale, counted, gone }: Given, gain: Gain, at: Moment): bigint {
  if (sale.cash <= 0n) return gain.amount;
  const before = counted.filter((one) => one.at <= at && one.effect === 'gone');
  const total = before.reduce((sum, { amount }) => sum + amount, 0n);
  const limit = total > gone.gone ? gone.gone : total;
  return gain.amount - reversedByLine(gain.shares, before, limit, sale.cash);
}
