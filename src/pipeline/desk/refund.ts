/**
 * A refund told by a caller. How much is left is asked of the state the refund is posted on, never of an earlier
 * reading, so that concurrent refunds together cannot exceed the sale (cases.md 103).
 */
import type { Caller, MoneyDesk, RefundRequest } from '../../core/desk.ts';
import type { ConversionView } from '../../core/views.ts';
import { readPayment } from '../../core/codec.ts';
import { countedOf, goneOf } from '../../core/counted.ts';
import type { PaymentState } from '../../core/merge.ts';
import { scopedKey, scopeOf } from '../../core/scope.ts';
import { toMajor } from '../../core/money.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { refundKey, type RefundEntry } from '../../core/requests.ts';
import { isRefundedByProvider, withoutToldTwice } from '../../core/same-refunds.ts';
import { settingsAt, type Rules } from '../../core/rules.ts';
import { DAY_MS } from '../../core/time.ts';
import { findConversion, type World } from '../../store/conversions.ts';
import { runBatch, type Item, type Settled } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { answerOf, Answered } from './answered.ts';
import { createTurns } from '../turns.ts';

/** `repeated`: this refund stands already. `changed`: "everything left" is another amount by now. */
type Found = { readonly found: 'repeated' | 'changed' };

/** How often "everything left" is computed again when other refunds are faster. */
const MOST_TRIES = 12;

export function refund(work: Clockwork): MoneyDesk['refund'] {
  const inTurn = createTurns();
  return (caller, request) =>
    inTurn(`${caller.workspace}\n${request.conversionId}`, () => refundNow(work, caller, request));
}

async function refundNow(work: Clockwork, caller: Caller, request: RefundRequest): ReturnType<MoneyDesk['refund']> {
  const world: World = { workspace: caller.workspace, livemode: caller.livemode };
  const externalEventId = request.externalEventId ?? work.newId('rfd');
  for (let attempt = 1; attempt <= MOST_TRIES; attempt += 1) {
    const sale = await findConversion(work.database.of(world.workspace), world, request.conversionId);
    if (!sale) return refuse('not_found', `There is no conversion "${request.conversionId}".`);
    const refusal = fits(sale, request, work.now());
    if (refusal) return refusal;
    const answer = await tryRefund(work, caller, sale, request, externalEventId);
    if (isRefusal(answer)) return answer;
    if ('found' in answer && answer.found === 'changed') continue;
    const conversion = await findConversion(work.database.of(world.workspace), world, sale.id);
    return { conversion: conversion ?? sale, replayed: 'found' in answer };
  }
  return refuse(
    'database_away',
    'This conversion is being refunded too often at once. Nothing was written; send it again.',
  );
}

function fits(sale: ConversionView, { currency, refundedAt, total }: RefundRequest, now: number): Refusal | null {
  if (sale.kind !== 'sale')
    return refuse('invalid_input', `This conversion is a ${sale.kind} itself.`, { field: 'id' });
  if (refundedAt !== null && refundedAt > now + DAY_MS)
    return refuse('invalid_input', 'refunded_at lies in the future', { field: 'refunded_at' });
  if (total && sale.refunded > 0n) return nothingLeft();
  if (currency === null || currency === sale.currency) return null;
  return refuse('invalid_input', `The sale is in ${sale.currency.toUpperCase()}, so its refund is too.`, {
    field: 'currency',
  });
}

async function tryRefund(
  work: Clockwork,
  { workspace, livemode }: Caller,
  sale: ConversionView,
  request: RefundRequest,
  externalEventId: string,
): Promise<Settled | Refusal | Found> {
  const { dialect, refundedAt, reason, body, total } = request;
  const received = work.now();
  const entry: RefundEntry = {
    kind: 'refund',
    payment: sale.moneyKey,
    amount: request.amount ?? sale.amount - sale.refunded,
    currency: sale.currency,
    externalEventId,
    refundedAt,
    reason,
    body,
    ...(total ? { total } : {}),
    ...(request.amount === null && !total ? { rest: true } : {}),
  };
  const id = entryKey('refund', livemode, externalEventId);
  const item = itemOfEntry({ source: dialect, id, livemode, at: refundedAt ?? received, received }, entry);
  const guard = (settled: Settled): void => judge(settled, item, entry, request);
  return answerOf<Settled, Refusal | Found>(() =>
    runBatch(work, { workspace, livemode, source: dialect, items: [item], guard }),
  );
}

/** The batch's guard: ends it when the refund stands already, or does not fit into what is left now. */
function judge(settled: Settled, item: Item, entry: RefundEntry, request: RefundRequest): void {
  const { session, decisions } = settled;
  const paymentId = session.book.keys.get(entry.payment) ?? '';
  const key = scopedKey(refundKey(item.ref.source, entry.externalEventId), scopeOf(entry.payment));
  const stood = stateBefore(settled, paymentId)?.refunds[key];
  if (stood) throw new Answered(repeated(request, stood.amount, entry.currency));
  if (settled.known.has(item.ref.id))
    throw new Answered(
      refuse('already_exists', `external_event_id "${entry.externalEventId}" refunded another conversion before.`, {
        field: 'external_event_id',
      }),
    );
  const state = session.book.payments.get(paymentId);
  const sale = decisions.get(paymentId)?.sale;
  if (!state || !sale) throw new Answered<Found>({ found: 'changed' });
  const whole = sale.report?.saleStatus === 'refunded';
  const paid = { currency: entry.currency, cash: sale.cash, paidAt: sale.paidAt };
  const left = whole ? 0n : sale.cash - goneWithout(state, key, paid, settled.rules);
  const told = Object.values(state.refunds);
  // The provider's own word of it came first.
  if (withoutToldTwice(told).every((one) => one.key !== key)) return;
  const others = told.filter((one) => one.key !== key);
  if (entry.rest && isRefundedByProvider(others, sale.cash)) throw new Answered<Found>({ found: 'repeated' });
  if (left <= 0n || (request.total && left < sale.cash)) throw new Answered(nothingLeft());
  if (request.amount === null && entry.amount !== left) throw new Answered<Found>({ found: 'changed' });
  if (entry.amount > left) throw new Answered(tooLarge(left, entry.currency));
}

const nothingLeft = (): Refusal => refuse('nothing_to_refund', 'Everything was refunded already.', { field: 'amount' });

/** The payment as it was read, without this call. */
function stateBefore({ session }: Settled, paymentId: string): PaymentState | null {
  const row = session.before.get(paymentId);
  return row ? readPayment(row.state) : null;
}

/** What went back by everything but this refund, as the decision counts it. */
function goneWithout(state: PaymentState, key: string, sale: Parameters<typeof countedOf>[1], rules: Rules): bigint {
  const { [key]: _, ...others } = state.refunds;
  const before = { ...state, refunds: others };
  const { accrual } = settingsAt(rules, state.rules ?? rules.version);
  return goneOf(before, countedOf(before, sale, accrual), sale.cash).gone;
}

function repeated(request: RefundRequest, amount: bigint, currency: string): Refusal | Found {
  if (request.amount === null || request.amount === amount) return { found: 'repeated' };
  const before = `${toMajor(amount, currency)} ${currency.toUpperCase()}`;
  return refuse('different_money', `external_event_id "${request.externalEventId}" refunded ${before} before.`, {
    field: 'external_event_id',
  });
}

function tooLarge(left: bigint, currency: string): Refusal {
  const words = `${toMajor(left, currency)} ${currency.toUpperCase()}`;
  return refuse('refund_too_large', `Only ${words} is left to refund.`, { field: 'amount' });
}
