/** What a sale's gain comes to: what went back of it, its status, and where its money should stand. */
import type { Referral } from './attribution.ts';
import type { Sale } from './collect.ts';
import type { Counted, Gone } from './counted.ts';
import type { Earning, Gain } from './earn.ts';
import { standing, type CommissionStatus, type Standing } from './ledger.ts';
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
  readonly referral: Referral;
  readonly earning: Earning;
  readonly counted: readonly Counted[];
  readonly gone: Gone;
  readonly settings: Settings;
};

export function commissionsOf(given: Given): Commission[] {
  return given.earning.gains.map((gain) => commissionOf(given, gain));
}

function commissionOf(given: Given, gain: Gain): Commission {
  const { sale, referral, earning, gone, settings } = given;
  const { reversed, held } = backOf(given, gain);
  const times = timesOf(given);
  const ruling = rulingOf(given);
  const { status, stand } = standing({
    net: gain.amount - reversed,
    held,
    wholly: gone.gone > 0n && gone.gone >= sale.cash,
    manual: earning.manual || times.warned,
    released: times.releasedAt !== null,
    ruling: ruling.status,
    paidOut:
      ruling.amounts.find((one) => one.affiliateId === gain.affiliateId)?.amount ?? paidOutBy(given, gain, ruling.at),
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

type Word = {
  readonly status: string | null;
  readonly amounts: readonly { readonly affiliateId: string; readonly amount: bigint }[];
  readonly at: Moment;
};

function rulingOf({ state, sale }: Given): Word {
  const newest = state.rulings.at(-1);
  if (newest) {
    // What goes out is what stood when the payout began: a refund meanwhile does not touch the batch (cases.md 87).
    const before = state.rulings.at(-2);
    const begun = newest.status === 'paid' && before?.status === 'processing_payout' ? before : newest;
    const amounts = newest.amounts ?? begun.amounts ?? [];
    return { status: newest.status, amounts, at: begun.stamp.at };
  }
  return { status: sale.report?.commissionStatus ?? null, amounts: [], at: sale.paidAt };
}

/** What had not gone back when it was said to be paid, where nobody told the amount. */
function paidOutBy({ sale, counted, gone }: Given, gain: Gain, at: Moment): bigint {
  if (sale.cash <= 0n) return gain.amount;
  const before = counted.filter((one) => one.at <= at && one.effect === 'gone');
  const total = before.reduce((sum, { amount }) => sum + amount, 0n);
  const limit = total > gone.gone ? gone.gone : total;
  return gain.amount - reversedByLine(gain.shares, before, limit, sale.cash);
}
