/**
 * What money a payment is: reads the merged claims and says which one is believed, how much cash came in, what part of
 * it may earn, and how much went back. Sources of the rules: reference/stripe.md 2.1, 3, 6.3, 6.4.
 */
import type { Claim, Line, Stamp } from './facts.ts';
import { compareStamps, compareText } from './facts.ts';
import { publicEventId } from './keys.ts';
import { broughtBy, standingLegs, wasCash, wasReturned } from './returned.ts';
import { DEFAULT_SETTINGS, type Settings } from './rules.ts';
import type { PaymentState } from './state.ts';
import type { Moment } from './time.ts';

/** Money that was really collected. Amounts in minor units of `currency`, with tax and shipping unless said otherwise. */
export type Sale = {
  readonly moneyKey: string;
  readonly source: string;
  /** The event that first proved it: `external_event_id`. */
  readonly externalEventId: string;
  readonly currency: string;
  readonly cash: bigint;
  readonly total: bigint;
  /** `total` without tax and shipping. */
  readonly net: bigint;
  readonly lines: readonly Line[];
  readonly linesIncomplete: boolean;
  readonly flags: readonly string[];
  readonly paidAt: Moment;
  readonly party: string | null;
  readonly subscription: string | null;
  readonly trial: boolean;
  readonly outOfBand: boolean;
  /** What the platform keeps of the cash as its fee. */
  readonly platformFee: bigint;
  readonly report: Claim | null;
};

export type Collected =
  | { readonly is: 'sale'; readonly sale: Sale }
  /** Nothing was paid, and nothing is missing: an open invoice, an unpaid checkout. */
  | { readonly is: 'nothing'; readonly reason: string }
  /** Something is missing; `defer`: it becomes decidable when the deferral's deadline has passed. */
  | { readonly is: 'parked'; readonly reason: string; readonly defer: boolean };

/** `stripe:invoice:in_1` → true. The second part of a money key names the kind of object. */
export function isBillKey(key: string): boolean {
  return kindOf(key) === 'invoice';
}

const KEY_RANK: Record<string, number> = { invoice: 0, pi: 1, ch: 2, sale: 3 };

const rankOf = (key: string): number => KEY_RANK[kindOf(key)] ?? 9;

/** `stripe:invoice:in_1` → `invoice`. */
function kindOf(key: string): string {
  const from = key.indexOf(':') + 1;
  if (from === 0) return '';
  const to = key.indexOf(':', from);
  return to === -1 ? key.slice(from) : key.slice(from, to);
}

/** The name of the money: its invoice, else its payment intent, else its charge, else what the caller named it. */
export function moneyKeyOf(keys: readonly string[]): string {
  if (keys.length < 2) return keys[0] ?? '';
  return keys.toSorted((a, b) => rankOf(a) - rankOf(b) || compareText(a, b))[0] ?? '';
}

type ByKind = Record<Claim['kind'], Claim[]>;

function claimsByKind(state: PaymentState): ByKind {
  const sorted: ByKind = { bill: [], order: [], intent: [], charge: [], report: [] };
  const keys = Object.keys(state.claims).toSorted(compareText);
  for (const key of keys) {
    const claim = state.claims[key];
    if (claim) sorted[claim.kind].push(claim);
  }
  return sorted;
}

const isPaid = (claim: Claim): boolean => claim.status === 'paid' || wasReturned(claim);

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/** Says what the merged state proves; pure and independent of the order in which it came about. */
export function collect(state: PaymentState, settings: Settings = DEFAULT_SETTINGS): Collected {
  const claims = claimsByKind(state);
  // A caller who names an invoice that was never told says it was paid; once the invoice is told, it says it better.
  const onlyReported = claims.bill.length === 0 && claims.report.length > 0;
  if (state.keys.some(isBillKey) && !onlyReported) return collectBill(state, claims, settings);
  const legs = [...claims.order, ...claims.intent, ...claims.charge];
  const paid = legs.filter(isPaid);
  if (paid.length === 0) return collectReport(state, claims, legs);
  const report = claims.report[0] ?? null;
  // Basil-family payment intents and charges do not say whether an invoice stands behind them (stripe.md, scenario 4).
  const alone = legs.some((claim) => claim.standalone) || report !== null || state.clock.matured !== null;
  if (!alone) return { is: 'parked', reason: 'may_belong_to_invoice', defer: true };
  return { is: 'sale', sale: saleOfLegs(state, claims, paid, report) };
}

function collectBill(state: PaymentState, claims: ByKind, settings: Settings): Collected {
  const paid = claims.bill.filter(
    (bill) => isPaid(bill) || (settings.sellUncollectible && bill.status === 'uncollectible' && bill.paid > 0n),
  );
  // A downgrade: the credit went to the customer's balance and no cash moved (cases.md 33).
  if (paid.length > 0 && sum(paid.map((bill) => bill.total)) < 0n)
    return { is: 'nothing', reason: 'credited_to_balance' };
  if (paid.length > 0) return { is: 'sale', sale: saleOfBills(state, claims, paid, settings) };
  if (claims.bill.length > 0) return { is: 'nothing', reason: `invoice_${claims.bill[0]?.status ?? 'open'}` };
  const legs = [...claims.order, ...claims.intent, ...claims.charge, ...claims.report];
  const moved = legs.some(isPaid) || isAskedBack(state);
  return moved
    ? { is: 'parked', reason: 'invoice_not_seen', defer: false }
    : { is: 'nothing', reason: 'invoice_not_seen' };
}

/** Somebody wants money back that has not been seen coming in. A credit note alone may be of a bill that was never paid. */
function isAskedBack({ refunds, disputes, warnings }: PaymentState): boolean {
  return [refunds, disputes, warnings].some((told) => Object.keys(told).length > 0);
}

function collectReport(state: PaymentState, claims: ByKind, legs: readonly Claim[]): Collected {
  const report = claims.report[0];
  if (report) return { is: 'sale', sale: saleOfReport(state, claims, report) };
  if (isAskedBack(state)) return { is: 'parked', reason: 'refund_before_sale', defer: false };
  return { is: 'nothing', reason: legs[0] ? `payment_${legs[0].status}` : 'no_money_seen' };
}

/** The first proof among claims, by time, rank and id. */
function firstProof(claims: readonly Claim[]): Stamp {
  const proofs = claims.map((claim) => claim.proof ?? claim.stamp).toSorted(compareStamps);
  const first = proofs[0];
  if (!first) throw new Error('a sale needs a claim that proves it');
  return first;
}

function partyOf(claims: ByKind): string | null {
  const parties = partiesIn(claims);
  // A customer id says more than an e-mail, whichever claim carries it.
  return parties.find((party) => !party.startsWith('email:')) ?? parties[0] ?? null;
}

function partiesIn(claims: ByKind): string[] {
  const inOrder = [...claims.bill, ...claims.order, ...claims.intent, ...claims.charge, ...claims.report];
  return [...new Set(inOrder.flatMap((claim) => (claim.party === null ? [] : [claim.party])))];
}

/** Every name under which the claims know the buyer, or knew them. */
export function partiesOfPayment(state: PaymentState): string[] {
  return [...partiesIn(claimsByKind(state)), ...state.formerParties];
}

/** The node a payment is credited through and found by, whether or not it is a sale yet. */
export function partyOfPayment(state: PaymentState): string | null {
  return partyOf(claimsByKind(state));
}

/** Usually one bill; one payment intent may pay several, then they are one payment and their sums count. */
function saleOfBills(state: PaymentState, claims: ByKind, bills: readonly Claim[], settings: Settings): Sale {
  const [first] = bills;
  if (!first) throw new Error('a bill sale needs a bill');
  // On accrual the credit was taken back when it was given, so that what it pays for now earns (cases.md 97).
  const balance = settings.accrual ? sum(bills.map((bill) => bill.fromBalance ?? 0n)) : 0n;
  const cash = sum(bills.map((bill) => bill.paid)) + balance;
  const outside = outsideOf(state, bills, cash);
  return {
    moneyKey: moneyKeyOf(state.keys),
    source: first.source,
    externalEventId: publicEventId(firstProof(bills).event),
    currency: first.currency,
    cash: settings.excludeOutOfBand ? cash - outside : cash,
    total: sum(bills.map((bill) => bill.total)),
    net: sum(bills.map((bill) => bill.net)),
    lines: bills.flatMap((bill) => bill.lines),
    linesIncomplete: bills.some((bill) => bill.linesIncomplete),
    flags: [...new Set(bills.flatMap((bill) => bill.flags))],
    paidAt: Math.min(...bills.map((bill) => bill.paidAt ?? firstProof([bill]).at)),
    party: partyOf(claims),
    subscription: bills.find((bill) => bill.subscription !== null)?.subscription ?? null,
    trial: bills.every((bill) => bill.trial),
    outOfBand: outside > 0n,
    platformFee: platformFeeOf(claims),
    report: claims.report[0] ?? null,
  };
}

/** What of the cash came from outside the provider: all of it when the bill says so itself, else what was recorded. */
function outsideOf(state: PaymentState, bills: readonly Claim[], cash: bigint): bigint {
  const recorded = sum(Object.values(state.outside));
  const told = sum(bills.filter((bill) => bill.outOfBand).map((bill) => bill.paid));
  // Recorded amounts say it exactly; a bill that only says "out of band" was paid so as a whole.
  const outside = recorded > 0n ? recorded : told;
  return outside > cash ? cash : outside;
}

function platformFeeOf(claims: ByKind): bigint {
  return sum(claims.charge.filter(isPaid).map((charge) => charge.platformFee ?? 0n));
}

/** No bill: cash is what intents received (else charges captured, else the order was paid); tax is known to the order. */
function saleOfLegs(state: PaymentState, claims: ByKind, paid: readonly Claim[], report: Claim | null): Sale {
  const of = (kind: Claim['kind']): Claim[] => paid.filter((claim) => claim.kind === kind);
  const cashLegs = [of('intent'), of('charge'), of('order')].find((legs) => legs.length > 0) ?? [];
  const told = of('order')[0] ?? of('intent')[0] ?? of('charge')[0];
  if (!told) throw new Error('a sale of cash legs needs a paid leg');
  // A returned debit may no longer say what it brought.
  const net = wasReturned(told) ? broughtBy(told) : told.net;
  const chargedAt = of('charge').flatMap((claim) => (claim.paidAt === null ? [] : [claim.paidAt]));
  const proof = firstProof(paid);
  return {
    moneyKey: moneyKeyOf(state.keys),
    source: told.source,
    externalEventId: publicEventId(proof.event),
    currency: told.currency,
    cash: sum(standingLegs(cashLegs).map(wasCash)),
    // An intent or a charge that was captured in part asked for more than it got; the rest was never owed.
    total: told.kind === 'order' ? told.total : wasCash(told),
    net,
    lines: (report ?? told).lines.map((line) => (report || wasReturned(told) ? { ...line, net } : line)),
    linesIncomplete: told.linesIncomplete,
    flags: told.flags,
    paidAt: chargedAt.length > 0 ? Math.min(...chargedAt) : proof.at,
    party: partyOf(claims),
    subscription: report?.subscription ?? told.subscription,
    trial: false,
    outOfBand: false,
    platformFee: platformFeeOf(claims),
    report,
  };
}

function saleOfReport(state: PaymentState, claims: ByKind, report: Claim): Sale {
  return {
    moneyKey: moneyKeyOf(state.keys),
    source: report.source,
    externalEventId: report.externalId ?? publicEventId(firstProof([report]).event),
    currency: report.currency,
    cash: report.paid,
    total: report.total,
    net: report.net,
    lines: report.lines,
    linesIncomplete: false,
    flags: report.flags,
    paidAt: report.paidAt ?? report.stamp.at,
    party: partyOf(claims),
    subscription: report.subscription,
    trial: report.trial,
    outOfBand: false,
    platformFee: 0n,
    report,
  };
}
