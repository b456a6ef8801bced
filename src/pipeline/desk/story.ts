/** A trace in sentences: what something was, who was credited, by which rule, where the money went, or why nowhere. */
import type { ConversionView, ReferralView } from '../../core/views.ts';
import { collect } from '../../core/collect.ts';
import { readCustomer, readPayment } from '../../core/codec.ts';
import { inWords, isReturnedDebit, reasonInWords } from '../../core/explain.ts';
import { toMajor } from '../../core/money.ts';
import { toIso } from '../../core/time.ts';
import type { TracedEvent, TracedPayment, Why } from '../../store/trace.ts';
import { hintOf } from './hints.ts';

const money = (amount: bigint, currency: string): string => `${toMajor(amount, currency)} ${currency.toUpperCase()}`;
const iso = (moment: Date): string => toIso(moment.getTime());

export function eventStory(event: TracedEvent): string[] {
  const became = event.reason === null ? event.state : `${event.state} (${event.reason})`;
  const hint = hintOf(event);
  const first = `Event ${event.event_key} (${event.type}) of ${event.source} happened at ${iso(event.occurred_at)}, was received at ${iso(event.received_at)} and is ${became}.`;
  if (hint !== null) return [first, hint];
  return event.payment_id === null ? [first, 'It moved no money by itself.'] : [first];
}

export function referralStory(referral: ReferralView): string {
  const names = [referral.email, referral.customerId, referral.externalUserId].filter((name) => name !== null);
  const known = names.length === 0 ? '' : ` (${names.join(', ')})`;
  const what = referral.status === 'click' ? 'Click' : 'Referral';
  const whose = referral.affiliateId === '' ? 'nobody' : `affiliate ${referral.affiliateId}`;
  return `${what} ${referral.id}${known} of ${whose}, ${referral.status} since ${toIso(referral.convertedAt ?? referral.createdAt)}.`;
}

/** Who a buyer is known as, and to which referrals that leads. */
export function customerStory({ key, state }: { key: string; state: string }): string {
  const { links, touches } = readCustomer(state);
  const also = links.length === 0 ? '' : `, also known as ${links.join(', ')}`;
  const tokens = [...new Set(touches.map((touch) => touch.token))];
  const bound = tokens.length === 0 ? 'is bound to no referral itself' : `is bound to ${tokens.join(', ')}`;
  return `Customer ${key}${also}, ${bound}.`;
}

/** The whole reason of one payment. */
export function paymentStory(
  payment: TracedPayment,
  conversions: readonly ConversionView[],
  why: ReadonlyMap<string, Why>,
): string[] {
  const sale = conversions.find((one) => one.kind === 'sale');
  if (!sale) return [...waiting(payment), ...refundLines(conversions)];
  const told = toldOf(sale, conversions, why.get(sale.id));
  return [saleLine(sale), ...inWords(told), ...holdLines(sale), ...refundLines(conversions)];
}

function waiting(payment: TracedPayment): string[] {
  const state = readPayment(payment.state);
  if (payment.parked === null) {
    const collected = collect(state);
    return [
      collected.is === 'nothing' ? `No money has moved: ${reasonInWords(collected.reason)}.` : 'It is being decided.',
    ];
  }
  const refunds = Object.values(state.refunds).map(
    (refund) => `Refund ${refund.key} of ${money(refund.amount, refund.currency)}, ${refund.status}.`,
  );
  const until = payment.wakeAt === null ? '' : ` It is decided without further news at ${toIso(payment.wakeAt)}.`;
  const since = state.clock.known === null ? '' : ` since ${toIso(state.clock.known)}`;
  return [...refunds, `Parked${since}: ${reasonInWords(payment.parked)}.${until}`, ...hintLines(payment.parked)];
}

function hintLines(reason: string): string[] {
  const hint = hintOf({ state: 'parked', reason, attempts: 0 });
  return hint === null ? [] : [hint];
}

function saleLine(sale: ConversionView): string {
  return `Sale ${sale.id} of ${money(sale.amount, sale.currency)}, paid at ${toIso(sale.occurredAt)}, first proven by ${sale.externalEventId} of ${sale.source}: ${sale.status.replaceAll('_', ' ')}.`;
}

/** One line per sale, when many are told of. */
export function shortStory(view: ConversionView): string {
  const { commission } = view;
  const earned = commission
    ? `commission ${money(commission.earned - commission.reversed, commission.currency)}, ${commission.status.replaceAll('_', ' ')}`
    : `no commission${view.reason === null ? '' : `: ${reasonInWords(view.reason)}`}`;
  const what = { sale: 'Sale', refund: 'Refund', dispute: 'Dispute' }[view.kind] ?? view.kind;
  const told = `${what} ${view.id} of ${money(view.amount, view.currency)} at ${toIso(view.occurredAt)}`;
  return view.kind === 'sale' ? `${told}: ${earned}.` : `${told}: ${view.status}.`;
}

function toldOf(
  sale: ConversionView,
  conversions: readonly ConversionView[],
  why: Why | undefined,
): Parameters<typeof inWords>[0] {
  const { commission } = sale;
  return {
    currency: sale.currency,
    reason: sale.reason,
    base: sale.base,
    refunded: sale.refunded,
    losses: conversions.filter(({ kind }) => kind !== 'sale'),
    explanation: why?.explanation ?? null,
    commission: commission ? { ...commission, parts: why?.parts ?? [] } : null,
  };
}

function holdLines({ commission }: ConversionView): string[] {
  if (commission?.status === 'pending') return [`On hold until ${toIso(commission.availableAt)}.`];
  if (commission?.status === 'pending_manual_approval')
    return ['Waits for an approval: PUT /v1/commissions/{id} with a status.'];
  return [];
}

function refundLines(conversions: readonly ConversionView[]): string[] {
  return conversions
    .filter((one) => one.kind === 'refund')
    .map(
      (one) =>
        `${isReturnedDebit(one) ? 'Returned bank debit' : 'Refund'} ${one.id} (${one.moneyKey}) of ${money(one.amount, one.currency)} at ${toIso(one.occurredAt)}: ${one.status}.`,
    );
}
