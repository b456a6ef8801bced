/**
 * The decision: from the full present state of one payment to its conversions, its commission and where the money
 * should stand. Pure, always whole, as of the time the money moved; posting then writes only the difference.
 */
import { attribute, type Attribution, type Nodes } from './attribution.ts';
import { collect, partiesOfPayment, type Sale } from './collect.ts';
import { commissionsOf, type Commission } from './commission.ts';
import { countedOf, goneOf, type Counted, type Gone } from './counted.ts';
import { beforeOf, summaryOf, type Before, type Lost, type Summary } from './earlier.ts';
import { earn, type Earning } from './earn.ts';
import type { Earlier } from './incentives.ts';
import { sourceName } from './keys.ts';
import { optedOutOn } from './opt-out.ts';
import { questionOfKey, questionsOf, type Question } from './questions.ts';
import { excessInWords, lossesInWords, sameInWords } from './told.ts';
import { reversedByLine, type Share } from './reversal.ts';
import { settingsAt, type AffiliateView, type Rules, type Settings } from './rules.ts';
import type { PaymentState, PriceState } from './state.ts';
import type { Moment } from './time.ts';

export type { Commission } from './commission.ts';

export type SaleStatus = 'open' | 'complete' | 'trialing' | 'failed' | 'refunded' | 'partial_refunded';

/** A conversion as it should stand. Refunds and disputes have no base of their own: they reduce the sale's commission. */
export type Conversion = {
  readonly kind: 'sale' | 'refund' | 'dispute';
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

export type Decision = {
  readonly conversions: readonly Conversion[];
  /** The credited affiliate's first, then that of whoever recruited them. */
  readonly commissions: readonly Commission[];
  readonly attribution: Attribution | null;
  readonly sale: Sale | null;
  readonly parked: string | null;
  readonly wakeAt: Moment | null;
  /** Keys of the catalogue and of exchange rates that would change it. */
  readonly awaits: readonly string[];
  /** What the provider could be asked. */
  readonly asks: readonly Question[];
  /** What later payments of the same referral need to know of this one. */
  readonly summary: Summary | null;
  /** What it knew of the earlier ones; null: no rule looks across payments. */
  readonly before: Before | null;
  readonly earning: Earning | null;
  /** Disputes, fraud warnings and credit notes in words, for the explanation. */
  readonly losses: readonly string[];
};

export type World = Nodes & {
  readonly rules: Rules;
  affiliate(id: string): AffiliateView | undefined;
  price(key: string): PriceState | undefined;
};

/** The payments of a referral before a sale, of one subscription only when the program counts so. */
type EarlierOf = (referralId: string, sale: Sale, per: Settings['limitsPer']) => Earlier;

const NOTHING: Decision = {
  conversions: [],
  commissions: [],
  attribution: null,
  sale: null,
  parked: null,
  wakeAt: null,
  awaits: [],
  asks: [],
  summary: null,
  before: null,
  earning: null,
  losses: [],
};

/** Decides one payment; `earlierOf` summarises the payments of the referral before it. */
export function decide(state: PaymentState, world: World, earlierOf: EarlierOf): Decision {
  const settings = settingsAt(world.rules, state.rules ?? world.rules.version);
  const collected = collect(state, settings);
  const asks = questionsOf(state, collected, world.rules.coupons.length > 0);
  if (collected.is === 'nothing') return { ...NOTHING, asks };
  if (collected.is === 'parked') {
    const deadline = (state.clock.known ?? 0) + settingsAt(world.rules, world.rules.version).deferMinutes * 60_000;
    return { ...NOTHING, asks, parked: collected.reason, wakeAt: collected.defer ? deadline : null };
  }
  return decideSale(state, collected.sale, settings, world, earlierOf, asks);
}

function decideSale(
  state: PaymentState,
  sale: Sale,
  settings: Settings,
  world: World,
  earlierOf: EarlierOf,
  asks: readonly Question[],
): Decision {
  const counted = countedOf(state, sale, settings.accrual);
  const wholly = sale.report?.saleStatus === 'refunded';
  const gone = wholly ? { gone: sale.cash, held: 0n } : goneOf(state, counted, sale.cash);
  const attribution = attribute(state, sale, world, settings);
  const { referral } = attribution;
  const per = settings.limitsPer;
  const earlier = referral && world.rules.lookAcross ? earlierOf(referral.id, sale, per) : null;
  const earning = earn({
    state,
    sale,
    referral,
    settings,
    optedOut: optedOutOn(state, sale, world),
    buyer: namesOfBuyer(state, world),
    affiliate: world.affiliate,
    rules: world.rules,
    price: world.price,
    earlier,
  });
  const shares = earning.gains[0]?.shares ?? [];
  const commissions = commissionsOf({ state, sale, referral, earning, counted, gone, settings });
  const waits = commissions.flatMap(({ wakeAt }) => (wakeAt === null ? [] : [wakeAt]));
  const unknownCode = attribution.awaits ?? [];
  const awaits = [...earning.awaits, ...unknownCode];
  return {
    conversions: [saleConversion(sale, earning, attribution, gone), ...lossConversions(sale, counted)],
    commissions,
    attribution,
    sale,
    parked: earning.reason === 'no_exchange_rate' ? earning.reason : null,
    wakeAt: waits.length === 0 ? null : Math.min(...waits),
    awaits,
    asks: [...asks, ...awaits.flatMap(questionOfKey)],
    summary:
      earning.base > 0n
        ? summaryOf(sale, earning, counted, state.rules ?? world.rules.version, (heard) =>
            lostBy(state, sale, shares, heard),
          )
        : null,
    before: earlier ? beforeOf(earlier, per) : null,
    earning,
    losses: [...lossesInWords(state, settings), ...sameInWords(counted), ...excessInWords(counted, sale)],
  };
}

/** What is gone of the cash and of the commission when only these losses are heard. */
function lostBy(state: PaymentState, { cash }: Sale, shares: readonly Share[], heard: readonly Counted[]): Lost {
  const lost = goneOf(state, heard, cash).gone;
  return { gone: lost, reversed: cash > 0n ? reversedByLine(shares, heard, lost, cash) : 0n };
}

function namesOfBuyer(state: PaymentState, world: World): string[] {
  return partiesOfPayment(state).flatMap((party) => [party, ...(world.customer(party)?.links ?? [])]);
}

function saleStatusOf(sale: Sale, gone: bigint): SaleStatus {
  const told = sale.report?.saleStatus;
  if (gone > 0n) return gone >= sale.cash ? 'refunded' : 'partial_refunded';
  if (told) return told as SaleStatus;
  return sale.trial ? 'trialing' : 'complete';
}

function saleConversion(sale: Sale, earning: Earning, attribution: Attribution, { gone }: Gone): Conversion {
  return {
    kind: 'sale',
    moneyKey: sale.moneyKey,
    source: sourceName(sale.source),
    externalEventId: sale.externalEventId,
    status: saleStatusOf(sale, gone),
    reason: earning.reason ?? (attribution.referral ? null : attribution.reason),
    currency: sale.currency,
    amount: sale.cash,
    refunded: gone,
    base: earning.base,
    occurredAt: sale.paidAt,
  };
}

function lossConversions(sale: Sale, counted: readonly Counted[]): Conversion[] {
  return counted.map((one) => ({
    kind: one.kind,
    moneyKey: one.key,
    source: sourceName(one.source),
    externalEventId: one.externalEventId,
    status: one.status,
    reason: null,
    currency: sale.currency,
    amount: one.amount,
    refunded: 0n,
    base: 0n,
    occurredAt: one.at,
  }));
}
