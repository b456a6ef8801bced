/** What a sale's gain comes to: what went back of it, its status, and where its money should stand. */
import type { Referral } from './attribution.ts';
import type { Sale } from './collect.ts';
import type { Counted, Gone } from './counted.ts';
import type { Earning, Gain } from './earn.ts';
import type { PaidOut, Ruling } from './facts.ts';
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
    paidOut: word.payout ? paidBy(given, gain, word.payout) : 0n,
    provisional: settings.provisionalDisputes,
  });
  const [first] = gain.parts;
  // Also one of nothing: its status would tell whether the clock had looked at the payment for another reason.
  const waits = times.releasedAt === null && (times.warned || status === 'pending' || stand.pending > 0n);
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

/** A payout: when it began, and what it paid to whom, as far as anybody told. */
type Payout = { readonly at: Moment; readonly amounts: readonly PaidOut[] | null };

/** What an operator or a caller said last of one affiliate's commission, and what was paid out to them by then. */
type Word = { readonly status: string | null; readonly payout: Payout | null };

/** Words that say that nothing was paid yet. */
const UNPAID = new Set(['ready_for_payment', 'pending', 'pending_manual_approval', 'processing_payout']);

/** Words that a fraud warning heard after them takes back: nobody knew of it when they were said. */
const APPROVALS = new Set(['ready_for_payment', 'pending']);

/** A payout names whom it paid, in which currency; for anybody else it is no word at all. */
function wordOf({ state, sale, earning }: Given, gain: Gain): Word {
  const own = rulingsFor(state, gain.affiliateId, earning.currency);
  const newest = own.at(-1);
  if (!newest) {
    const status = earning.gains[0] === gain ? (sale.report?.commissionStatus ?? null) : null;
    return { status, payout: status === 'paid' ? { at: sale.paidAt, amounts: null } : null };
  }
  const warnedAt = Math.max(0, ...Object.values(state.warnings).map(({ at }) => at));
  if (APPROVALS.has(newest.status) && warnedAt > newest.stamp.at) return { status: null, payout: null };
  return { status: newest.status, payout: payoutOf(own) };
}

const isOf = (affiliateId: string, currency: string) => (one: PaidOut) =>
  one.affiliateId === affiliateId && one.currency === currency;

/** A ruling that says how a commission stands. */
type Said = Ruling & { readonly status: string };

function rulingsFor({ rulings }: PaymentState, affiliateId: string, currency: string): readonly Said[] {
  return rulings.filter(
    (one): one is Said => one.status !== null && (!one.amounts || one.amounts.some(isOf(affiliateId, currency))),
  );
}

/**
 * The payout that stands after these words. What goes out is what stood when it began: a refund meanwhile does not touch
 * the batch (cases.md 87). Said again it is the same payout, though less may stand by then: until a word says that nothing
 * was paid, the first counts.
 */
function payoutOf(rulings: readonly Said[]): Payout | null {
  let begun: Said | null = null;
  let payout: Payout | null = null;
  for (const ruling of rulings) {
    if (ruling.status === 'paid') {
      const first: Said = begun ?? ruling;
      payout ??= { at: first.stamp.at, amounts: first.amounts ?? ruling.amounts ?? null };
    }
    if (UNPAID.has(ruling.status)) payout = null;
    begun = ruling.status === 'processing_payout' ? (begun ?? ruling) : null;
  }
  return payout;
}

/** What a payout paid for a gain; where nobody told the amount, what had not gone back when it began. */
function paidBy(given: Given, gain: Gain, { at, amounts }: Payout): bigint {
  return amounts ? amountIn(amounts, gain.affiliateId, given.earning.currency) : paidOutBy(given, gain, at);
}

function amountIn(amounts: readonly PaidOut[], affiliateId: string, currency: string): bigint {
  return amounts.filter(isOf(affiliateId, currency)).reduce((sum, { amount }) => sum + amount, 0n);
}

/**
 * Whoever was paid and is not credited any more (a late link, another currency) owes it: what was paid stays paid, and
 * the next payout nets it.
 */
function formerly({ state, sale, earning }: Given): Commission[] {
  if (state.rulings.length === 0) return [];
  const told = state.rulings.flatMap(({ amounts }) => amounts ?? []);
  const seen = new Set(earning.gains.map(({ affiliateId }) => nameOf({ affiliateId, currency: earning.currency })));
  return told.flatMap((one) => {
    if (seen.has(nameOf(one))) return [];
    seen.add(nameOf(one));
    const { affiliateId, currency } = one;
    const payout = payoutOf(rulingsFor(state, affiliateId, currency));
    const amount = amountIn(payout?.amounts ?? [], affiliateId, currency);
    return amount > 0n ? [owedBy({ ...one, amount }, sale)] : [];
  });
}

const nameOf = ({ affiliateId, currency }: Pick<PaidOut, 'affiliateId' | 'currency'>): string =>
  `${affiliateId}\n${currency}`;

function owedBy({ affiliateId, referralId, programId, currency, amount }: PaidOut, sale: Sale): Commission {
  return {
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
  };
}

/** What had not gone back when it was said to be paid, where nobody told the amount. */
function paidOutBy({ sale, counted, gone }: Given, gain: Gain, at: Moment): bigint {
  if (sale.cash <= 0n) return gain.amount;
  const before = counted.filter((one) => one.at <= at && one.effect === 'gone');
  const total = before.reduce((sum, { amount }) => sum + amount, 0n);
  const limit = total > gone.gone ? gone.gone : total;
  return gain.amount - reversedByLine(gain.shares, before, limit, sale.cash);
}
