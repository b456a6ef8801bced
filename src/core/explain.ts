/** Why a payment earned what it earned: kept as data with the conversion, put into words when somebody asks. */
import type { Decision } from './decide.ts';
import { toMajor } from './money.ts';

/** Kept beside the sale; amounts as decimal text of minor units. */
export type Explanation = {
  readonly via: string | null;
  readonly token: string | null;
  readonly unknown?: readonly string[];
  readonly cash: string;
  readonly total: string;
  readonly net: string;
  readonly flags?: readonly string[];
  /** The exchange rate everything was converted at. */
  readonly rate?: string;
  /** What a caller set the commission to, in place of what incentives say: `30.00 USD`. */
  readonly ordered?: string;
  /** The coupon that led to the affiliate. */
  readonly coupon?: string;
  /** Disputes, credit notes to the balance and fraud warnings, as they stand. */
  readonly losses?: readonly string[];
  readonly lines: readonly {
    readonly id: string;
    readonly prices: readonly string[];
    readonly products: readonly string[];
    readonly interval: string | null;
    readonly from: string;
    readonly base: string;
    readonly incentive: string | null;
    readonly rejected: readonly { readonly id: string; readonly version: number; readonly reason: string }[];
  }[];
};

/** The data of the explanation; null for a payment that is no sale. */
export function explanationOf({ attribution, sale, earning, losses }: Decision): Explanation | null {
  if (!sale || !earning) return null;
  const flags = [
    ...sale.flags,
    ...(sale.linesIncomplete ? ['lines_incomplete'] : []),
    ...(earning.selfReferral ? ['self_referral'] : []),
  ];
  const credited = attribution?.referral ? attribution : null;
  const unknown = attribution && !attribution.referral ? attribution.unknown : [];
  return {
    via: credited?.via ?? null,
    token: credited?.token ?? null,
    ...(unknown.length > 0 ? { unknown } : {}),
    cash: String(sale.cash),
    total: String(sale.total),
    net: String(sale.net),
    ...(flags.length > 0 ? { flags } : {}),
    ...(earning.rate === null ? {} : { rate: earning.rate }),
    ...(earning.ordered === null ? {} : { ordered: moneyInWords(earning.ordered.amount, earning.ordered.currency) }),
    ...(credited?.coupon === undefined ? {} : { coupon: credited.coupon }),
    ...(losses.length > 0 ? { losses } : {}),
    lines: earning.lines.map((line) => ({
      id: line.id,
      prices: line.prices,
      products: line.products,
      interval: line.interval,
      from: line.intervalFrom,
      base: String(line.base),
      incentive: line.incentive,
      rejected: line.rejected,
    })),
  };
}

const VIA: Readonly<Record<string, string>> = {
  payment: 'the payment itself names the referral',
  customer: 'the customer is credited to the referral',
  customer_subscription: "the customer's subscription names the referral",
  stripe: 'the Stripe customer is credited to the referral',
  user: 'the app user id signed up through the referral',
  coupon: 'its coupon was given to the affiliate',
  email: "the customer's e-mail signed up through the referral",
};

const WHY_NOT: Readonly<Record<string, string>> = {
  unattributed: 'nobody is credited: no referral, click, customer link or sign-up e-mail leads to an affiliate',
  referral_rejected: 'the referral was rejected',
  trial: 'a trial: nothing was paid',
  nothing_to_pay: 'nothing had to be paid (a discount of 100 %, or credits)',
  paid_from_credit_balance: 'it was paid from the credit balance; that money earned when it was first paid in cash',
  credited_to_balance: 'a downgrade: its credit went to the balance of the customer and no cash moved',
  no_commissionable_amount: 'only tax or shipping was paid',
  paid_out_of_band: 'it was paid outside Stripe, which earns nothing in this program',
  no_exchange_rate: 'it waits for an exchange rate of the day it was paid',
  link_of_nobody: 'the link that was followed belongs to no affiliate',
  affiliate_not_approved: 'the affiliate was not approved when it was paid',
  no_incentive_matched: 'no incentive matched',
  self_referral: 'the buyer has the e-mail of the affiliate, which earns nothing in this program',
  sale_open: 'the caller says the sale is still open',
  sale_trialing: 'the caller says it is a trial',
  sale_failed: 'the caller says the sale failed',
  may_belong_to_invoice: 'it waits: an invoice may still name this payment intent as its own',
  invoice_not_seen: 'it waits for its invoice',
  refund_before_sale: 'the refund waits for its sale',
};

/** A refund or a dispute of the sale, as its conversion shows it. */
export type ToldLoss = { readonly kind: string; readonly moneyKey: string; readonly status: string };

export type Told = {
  readonly currency: string;
  readonly reason: string | null;
  readonly base: bigint;
  /** Everything that went back, however it did. */
  readonly refunded: bigint;
  readonly losses: readonly ToldLoss[];
  readonly explanation: Explanation | null;
  readonly commission: {
    /** Not the sale's where the program has a currency of its own. */
    readonly currency: string;
    readonly earned: bigint;
    readonly reversed: bigint;
    readonly status: string;
    readonly parts: readonly {
      readonly incentive: string;
      readonly version: number;
      readonly rate: string;
      readonly base: bigint;
      readonly commission: bigint;
      readonly capped: boolean;
    }[];
    readonly holdDays: number | null;
  } | null;
};

/** `300000/1000000` → `30 %`; a fixed rate is named as such. */
export function rateInWords(rate: string, currency: string): string {
  const [num, den] = rate.split('/');
  if (den === undefined)
    return `a fixed ${toMajor(BigInt(rate.replace('fixed ', '')), currency)} ${currency.toUpperCase()}`;
  const permyriad = (BigInt(num ?? '0') * 1_000_000n) / BigInt(den);
  const text = `${permyriad / 10_000n}.${String(permyriad % 10_000n).padStart(4, '0')}`;
  return `${text.replace(/\.?0+$/, '')} %`;
}

/** A bank debit that came back; told by the charge that failed after all. */
export const isReturnedDebit = ({ moneyKey }: Pick<ToldLoss, 'moneyKey'>): boolean =>
  /:ch:[^:]+:returned$/.test(moneyKey);

/** `refunded`, `lost in a dispute`, `returned by the bank`; several when it went back in several ways. */
function waysBack(losses: readonly ToldLoss[]): string {
  const refunds = losses.filter(({ kind, status }) => kind === 'refund' && status !== 'failed');
  const ways = [
    refunds.some((one) => !isReturnedDebit(one)) ? ['refunded'] : [],
    losses.some(({ kind, status }) => kind === 'dispute' && status === 'lost') ? ['lost in a dispute'] : [],
    refunds.some(isReturnedDebit) ? ['returned by the bank'] : [],
  ].flat();
  // A caller who says that the whole sale was refunded tells of no refund.
  return ways.length === 0 ? 'refunded' : ways.join(' and ');
}

/** `30.00 USD`. */
function moneyInWords(amount: bigint, currency: string): string {
  return `${toMajor(amount, currency)} ${currency.toUpperCase()}`;
}

/** The whole reason in sentences, one a line: who, from what, by which rule, what was taken back. */
export function inWords(told: Told): string[] {
  const { explanation, commission, currency } = told;
  const money = (amount: bigint): string => moneyInWords(amount, currency);
  const earned = (amount: bigint): string => moneyInWords(amount, commission?.currency ?? currency);
  const lines: string[] = [];
  if (explanation?.via)
    lines.push(`Credited because ${VIA[explanation.via] ?? explanation.via} (${explanation.token}).`);
  if (explanation)
    lines.push(
      `Base ${money(told.base)}: ${money(BigInt(explanation.cash))} in cash of ${money(BigInt(explanation.total))}, of which ${money(BigInt(explanation.net))} is without tax and shipping.`,
    );
  if (explanation?.rate) lines.push(`Converted at ${explanation.rate}.`);
  if (explanation?.flags?.includes('self_referral'))
    lines.push('The buyer has the e-mail of the affiliate: it is held for review.');
  for (const loss of explanation?.losses ?? []) lines.push(`${loss}.`);
  if (explanation?.ordered)
    lines.push(`A caller set its commission to ${explanation.ordered}, whatever incentives say.`);
  for (const part of commission?.parts ?? [])
    lines.push(
      `${part.incentive} version ${part.version}: ${rateInWords(part.rate, commission?.currency ?? currency)} of ${earned(part.base)} = ${earned(part.commission)}${part.capped ? ' (the rest of its cap)' : ''}.`,
    );
  for (const line of explanation?.lines ?? [])
    for (const rejected of line.rejected)
      lines.push(`${rejected.id} did not apply to ${line.id}: ${rejected.reason.replaceAll('_', ' ')}.`);
  if (told.reason) lines.push(`No commission: ${reasonInWords(told.reason)}.`);
  if (commission && told.refunded > 0n)
    lines.push(
      `${money(told.refunded)} was ${waysBack(told.losses)}, so ${earned(commission.reversed)} of ${earned(commission.earned)} was taken back.`,
    );
  if (commission)
    lines.push(
      `It stands at ${earned(commission.earned - commission.reversed)}, ${commission.status.replaceAll('_', ' ')}${commission.holdDays ? ` (hold ${commission.holdDays} days)` : ''}.`,
    );
  return lines;
}

/** Words for a reason code of a conversion or a parked payment. */
export function reasonInWords(reason: string): string {
  if (reason.startsWith('opted_out_on_'))
    return `the metadata of the ${reason.slice('opted_out_on_'.length).replaceAll('_', ' ')} asks to leave it out`;
  return WHY_NOT[reason] ?? reason.replaceAll('_', ' ');
}
