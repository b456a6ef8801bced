/** Money, days and states as an affiliate reads them. */
import type { CommissionStatus } from '../../core/ledger.ts';
import { decimalsOf, toMajor } from '../../core/money.ts';
import type { EarningView } from '../../core/portal-desk.ts';
import type { PayoutStatus } from '../../core/payout-desk.ts';
import type { Moment } from '../../core/time.ts';
import type { AffiliateView } from '../../core/views.ts';

const LOCALE = 'en';

const formats = new Map<string, Intl.NumberFormat>();

/** 2970 usd → `$29.70`, 1000 jpy → `¥1,000`, 1500 kwd → `KWD 1.500`. Exact: the amount is given as text. */
export function money(amount: bigint, currency: string): string {
  const digits = decimalsOf(currency);
  const format =
    formats.get(currency) ??
    new Intl.NumberFormat(LOCALE, {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  formats.set(currency, format);
  return format.format(toMajor(amount, currency) as `${number}`);
}

const days = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeZone: 'UTC' });

/** In UTC: `Jan 5, 2026`. */
export const day = (moment: Moment): string => days.format(moment);

const WORDS: Readonly<Record<CommissionStatus, string>> = {
  pending: 'On hold',
  pending_manual_approval: 'In review',
  ready_for_payment: 'Ready for payout',
  processing_payout: 'On its way',
  paid: 'Paid',
  declined: 'Declined',
  refunded: 'Taken back',
  dispute: 'Disputed',
};

const WHYS: Readonly<Record<Exclude<CommissionStatus, 'pending' | 'paid'>, string>> = {
  pending_manual_approval: 'The company has to approve it.',
  ready_for_payment: 'The next payout brings it.',
  processing_payout: 'Its payout was started.',
  declined: 'The company declined it.',
  refunded: 'The sale was taken back, and the commission with it.',
  dispute: 'The buyer disputes the payment. It waits for how that ends.',
};

export const statusInWords = (status: CommissionStatus): string => WORDS[status];

/** Why a commission stands as it does, a sentence each. */
export function whyInWords(view: EarningView, now: Moment): readonly string[] {
  const { status, availableAt, referralId, reversed, earned, currency } = view;
  const share = referralId === null ? ['Your share of what a partner sold whom you recruited.'] : [];
  const back =
    reversed > 0n && status !== 'refunded'
      ? [`${money(reversed, currency)} of ${money(earned, currency)} went back with a refund.`]
      : [];
  return [...share, ...holdInWords(status, availableAt, now), ...back];
}

function holdInWords(status: CommissionStatus, availableAt: Moment, now: Moment): readonly string[] {
  if (status === 'paid') return [];
  if (status !== 'pending') return [WHYS[status]];
  return availableAt > now
    ? [`Until ${day(availableAt)}, in case the sale is refunded.`]
    : ['The company has not released it yet.'];
}

export const PAYOUTS: Readonly<Record<PayoutStatus, string>> = { processing: 'On its way', completed: 'Paid' };

type Standing = { readonly word: string; readonly about: string | null };

export const STANDINGS: Readonly<Record<AffiliateView['status'], Standing>> = {
  approved: { word: 'Approved', about: null },
  pending: {
    word: 'Not approved yet',
    about:
      'The company is looking at your application. What is bought through your link earns nothing until it approves.',
  },
  rejected: { word: 'Rejected', about: 'The company did not approve your application.' },
  paused: { word: 'Paused', about: 'The company has paused you: what is bought through your link earns nothing now.' },
  banned: { word: 'Banned', about: 'The company has banned you: what is bought through your link earns nothing.' },
};
