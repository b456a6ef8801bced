/**
 * The decision: from the full present state of one payment to its conversions, its commission and where the money
 * should stand. Pure, always whole, as of the time the money moved; posting then writes only the difference.
 */
import { attribute, type Attribution, type Nodes } from './attribution.ts';
import { collect, type Sale } from './collect.ts';
import { refundedOf, refundsOf, type CountedRefund } from './refunds.ts';
import { earn, type Earning } from './earn.ts';
import { settingsAt, type AffiliateView, type Rules } from './rules.ts';
import type { Earlier } from './incentives.ts';
import { standing, type CommissionStatus, type Standing } from './ledger.ts';
import type { PaymentState, PriceState } from './merge.ts';
import { reversedOf, summaryOf, type Summary } from './earlier.ts';
import { DAY_MS, type Moment } from './time.ts';

export type SaleStatus = 'open' | 'complete' | 'trialing' | 'failed' | 'refunded' | 'partial_refunded';

/** A conversion as it should stand. Refunds have no base of their own: they reduce the sale's commission. */
export type Conversion = {
  readonly kind: 'sale' | 'refund';
  readonly moneyKey: string;
  readonly source: string;
  readonly externalEventId: string;
  readonly status: string;
  /** Why it earned nothing; null when it did or when there is nothing to say. */
  readonly reason: string | null;
  readonly currency: string;
  readonly amount: bigint;
  readonly refunded: bigint;
  readonly base: bigint;
  readonly occurredAt: Moment;
};

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
  readonly standing: Standing;
  readonly parts: Earning['parts'];
};

export type Decision = {
  readonly conversions: readonly Conversion[];
  readonly commission: Commission | null;
  readonly attribution: Attribution | null;
  readonly sale: Sale | null;
  readonly parked: string | null;
  readonly wakeAt: Moment | null;
  readonly awaitsPrices: readonly string[];
  /** What later payments of the same referral need to know of this one. */
  readonly summary: Summary | null;
  readonly earning: Earning | null;
};

export type World = Nodes & {
  readonly rules: Rules;
  affiliate(id: string): AffiliateView | undefined;
  price(key: string): PriceState | undefined;
};

const NOTHING: Decision = {
  conversions: [],
  commission: null,
  attribution: null,
  sale: null,
  parked: null,
  wakeAt: null,
  awaitsPrices: [],
  summary: null,
  earning: null,
};

/** Decides one payment; `earlierOf` summarises the payments of the referral before it. */
export function decide(
  state: PaymentState,
  world: World,
  earlierOf: (referralId: string, sale: Sale) => Earlier,
): Decision {
  const collected = collect(state);
  if (collected.is === 'nothing') return NOTHING;
  if (collected.is === 'parked') {
    const deadline = (state.clock.known ?? 0) + settingsAt(world.rules, world.rules.version).deferMinutes * 60_000;
    return { ...NOTHING, parked: collected.reason, wakeAt: collected.defer ? deadline : null };
  }
  return decideSale(state, collected.sale, world, earlierOf);
}

function decideSale(
  state: PaymentState,
  sale: Sale,
  world: World,
  earlierOf: (referralId: string, sale: Sale) => Earlier,
): Decision {
  const refunds = refundsOf(state);
  const wholly = sale.report?.saleStatus === 'refunded';
  const refunded = wholly ? sale.cash : refundedOf(refunds, sale.cash);
  const attribution = attribute(state, sale.party, sale.subscription, world);
  const { referral } = attribution;
  const earning = earn({
    state,
    sale,
    referral,
    affiliate: referral ? world.affiliate(referral.affiliateId) : undefined,
    rules: world.rules,
    price: world.price,
    earlier: () => (referral ? earlierOf(referral.id, sale) : null),
  });
  const commission =
    referral && earning.amount !== null ? commissionOf(state, sale, referral, earning, refunded) : null;
  return {
    conversions: [saleConversion(sale, earning, attribution, refunded), ...refundConversions(sale, refunds)],
    commission,
    attribution,
    sale,
    parked: null,
    wakeAt: commission?.status === 'pending' && commission.standing.pending > 0n ? commission.availableAt : null,
    awaitsPrices: earning.awaitsPrices,
    summary: earning.base > 0n ? summaryOf(sale, earning, refunds) : null,
    earning,
  };
}

function saleStatusOf(sale: Sale, refunded: bigint): SaleStatus {
  const told = sale.report?.saleStatus;
  if (refunded > 0n) return refunded >= sale.cash ? 'refunded' : 'partial_refunded';
  if (told) return told as SaleStatus;
  return sale.trial ? 'trialing' : 'complete';
}

function saleConversion(sale: Sale, earning: Earning, attribution: Attribution, refunded: bigint): Conversion {
  return {
    kind: 'sale',
    moneyKey: sale.moneyKey,
    source: sale.source,
    externalEventId: sale.externalEventId,
    status: saleStatusOf(sale, refunded),
    reason: earning.reason ?? (attribution.referral ? null : attribution.reason),
    currency: sale.currency,
    amount: sale.cash,
    refunded,
    base: earning.base,
    occurredAt: sale.paidAt,
  };
}

function refundConversions(sale: Sale, refunds: readonly CountedRefund[]): Conversion[] {
  return refunds.map((refund) => ({
    kind: 'refund',
    moneyKey: refund.key,
    source: refund.source,
    externalEventId: refund.externalEventId,
    status: refund.status,
    reason: null,
    currency: sale.currency,
    amount: refund.amount,
    refunded: 0n,
    base: 0n,
    occurredAt: refund.at,
  }));
}

function commissionOf(
  state: PaymentState,
  sale: Sale,
  referral: { id: string; affiliateId: string; programId: string },
  earning: Earning,
  refunded: bigint,
): Commission {
  const earned = earning.amount ?? 0n;
  const reversed = sale.cash > 0n ? reversedOf(earned, refunded, sale.cash) : 0n;
  const ruling = state.rulings.at(-1)?.status ?? sale.report?.commissionStatus ?? null;
  const availableAt = sale.paidAt + (earning.holdDays ?? 0) * DAY_MS;
  const releasedAt = earning.holdDays ? state.clock.released : availableAt;
  const { status, stand } = standing({
    net: earned - reversed,
    wholly: refunded > 0n && refunded >= sale.cash,
    manual: earning.manual,
    released: releasedAt !== null,
    ruling,
  });
  return {
    affiliateId: referral.affiliateId,
    referralId: referral.id,
    programId: referral.programId,
    status,
    currency: sale.currency,
    base: earning.base,
    earned,
    reversed,
    incentiveId: earning.parts[0]?.incentive ?? null,
    incentiveVersion: earning.parts[0]?.version ?? null,
    holdDays: earning.holdDays,
    availableAt,
    releasedAt,
    standing: stand,
    parts: earning.parts,
  };
}
