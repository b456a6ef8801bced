/**
 * A refund told by a caller. How much is left is asked of the state the refund is posted on, never of an earlier
 * reading, so that concurrent refunds together cannot exceed the sale (cases.md 103).
 */
import type { Caller, MoneyDesk, RefundRequest } from '../../core/desk.ts';
import type { ConversionView } from '../../core/views.ts';
import { readPayment } from '../../core/codec.ts';
import type { Sale } from '../../core/collect.ts';
import { countedOf, goneOf, type Counted } from '../../core/counted.ts';
import type { PaymentState } from '../../core/merge.ts';
import { scopedKey, scopeOf } from '../../core/scope.ts';
import { toMajor } from '../../core/money.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { refundKey } from '../../core/keys.ts';
import type { RefundEntry } from '../../core/requests.ts';
import { isCallers } from '../../core/same-refunds.ts';
import { settingsAt, type Rules } from '../../core/rules.ts';
import { DAY_MS } from '../../core/time.ts';
import { findConversion, type World } from '../../store/conversions.ts';
import { runBatch, type Item, type Settled } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { answerOf, Answered } from './answered.ts';
import { createTurns } from '../turns.ts';

/** A refund that was written; `named`: it stood already, and has the caller's name now too. */
type Written = { readonly named: boolean };

/** `repeated`: this refund stands already. `changed`: "everything left" is another amount by now, beside these keys. */
type Found = { readonly found: 'repeated' } | { readonly found: 'changed'; readonly beside: readonly string[] };

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
  let beside: readonly string[] = [];
  for (let attempt = 1; attempt <= MOST_TRIES; attempt += 1) {
    const sale = await findConversion(work.database.of(world.workspace), world, request.conversionId);
    if (!sale) return refuse('not_found', `There is no conversion "${request.conversionId}".`);
    const refusal = fits(sale, request, work.now());
    if (refusal) return refusal;
    const answer = await tryRefund(work, caller, sale, request, externalEventId, beside);
    if (isRefusal(answer)) return answer;
    if ('found' in answer && answer.found === 'changed') {
      ({ beside } = answer);
      continue;
    }
    const conversion = await findConversion(work.database.of(world.workspace), world, sale.id);
    return { conversion: conversion ?? sale, replayed: 'found' in answer || answer.named };
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
  beside: readonly string[],
): Promise<Written | Refusal | Found> {
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
    ...(request.amount === null && !total ? { beside } : {}),
  };
  const id = entryKey('refund', livemode, externalEventId);
  const item = itemOfEntry({ source: dialect, id, livemode, at: refundedAt ?? received, received }, entry);
  let named = false;
  const guard = (settled: Settled): void => void (named = judge(settled, item, entry, request));
  return answerOf<Written, Refusal | Found>(async () => {
    await runBatch(work, { workspace, livemode, source: dialect, items: [item], guard });
    return { named };
  });
}

/**
 * The batch's guard: ends it when the refund stands already, or does not fit into what is left now; true: it only gives
 * the provider's own the name by which the caller knows it.
 */
function judge(settled: Settled, item: Item, entry: RefundEntry, request: RefundRequest): boolean {
  const { session, decisions } = settled;
  const paymentId = session.book.keys.get(entry.payment) ?? '';
  const key = scopedKey(refundKey(item.ref.source, entry.externalEventId), scopeOf(entry.payment));
  const stood = stateBefore(settled, paymentId)?.refunds[key];
  // The provider's own word of it came first: the caller's name for it is kept beside it.
  const names = stood !== undefined && !isCallers(stood) && !stood.named && stood.amount === request.amount;
  if (stood && !names) throw new Answered(repeated(request, stood.amount, entry.currency));
  if (settled.known.has(item.ref.id))
    throw new Answered(
      refuse('already_exists', `external_event_id "${entry.externalEventId}" refunded another conversion before.`, {
        field: 'external_event_id',
      }),
    );
  const state = session.book.payments.get(paymentId);
  const sale = decisions.get(paymentId)?.sale;
  if (!state || !sale) throw new Answered<Found>({ found: 'changed', beside: [] });
  if (!names) fitsBeside(state, sale, key, entry, request, settled.rules);
  return names;
}

/** Ends the batch when the refund is more than what everything else has left of the sale. */
function fitsBeside(
  state: PaymentState,
  sale: Sale,
  key: string,
  entry: RefundEntry,
  request: RefundRequest,
  rules: Rules,
): void {
  const { [key]: _, ...others } = state.refunds;
  const { accrual } = settingsAt(rules, state.rules ?? rules.version);
  const before = countedOf({ ...state, refunds: others }, sale, accrual);
  // The provider tells of this very money already: it is kept, and takes back nothing more.
  if (request.amount !== null && sumGone(before) === sumGone(countedOf(state, sale, accrual))) return;
  const whole = sale.report?.saleStatus === 'refunded';
  const left = whole ? 0n : sale.cash - goneOf(state, before, sale.cash).gone;
  if (entry.beside && left <= 0n && isProvidersAlone(before, sale.cash))
    throw new Answered<Found>({ found: 'repeated' });
  if (left <= 0n || (request.total && left < sale.cash)) throw new Answered(nothingLeft());
  const beside = before.filter((one) => !isCallers(one)).map((one) => one.key);
  if (request.amount === null && (entry.amount !== left || (entry.beside && !sameKeys(entry.beside, beside))))
    throw new Answered<Found>({ found: 'changed', beside });
  if (entry.amount > left) throw new Answered(tooLarge(left, entry.currency));
}

const sameKeys = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

const gone = (counted: readonly Counted[]): readonly Counted[] => counted.filter(({ effect }) => effect === 'gone');

const sumGone = (counted: readonly Counted[]): bigint => gone(counted).reduce((sum, { amount }) => sum + amount, 0n);

/** Refunds that the provider tells of are all that went back, and are everything: a caller means no others. */
function isProvidersAlone(counted: readonly Counted[], cash: bigint): boolean {
  return sumGone(counted) >= cash && gone(counted).every((one) => one.kind === 'refund' && !isCallers(one));
}

const nothingLeft = (): Refusal => refuse('nothing_to_refund', 'Everything was refunded already.', { field: 'amount' });

/** The payment as it was read, without this call. */
function stateBefore({ session }: Settled, paymentId: string): PaymentState | null {
  const row = session.before.get(paymentId);
  return row ? readPayment(row.state) : null;
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
