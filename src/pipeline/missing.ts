/** Whether a question is still worth asking: a webhook is often faster than its moment comes. */
import { readPayment } from '../core/codec.ts';
import { collect, isBillKey } from '../core/collect.ts';
import { moneyKey, objectKey, promotionKey, type MoneyKind } from '../core/keys.ts';
import { questionsOf, type Question } from '../core/questions.ts';
import { scopedKey } from '../core/scope.ts';
import type { PaymentState } from '../core/state.ts';
import { isInCatalogue, stateBehind, type OpenQuestion } from '../store/questions.ts';
import type { Clockwork } from './clockwork.ts';

/** What a question is about, as money keys spell it; prices and codes are in the catalogue. */
const KIND_OF: Readonly<Partial<Record<Question['kind'], MoneyKind>>> = {
  invoice: 'invoice',
  invoice_payments: 'pi',
  checkout_session: 'cs',
  charge: 'ch',
};

/** false: an event has told it since. `source`: the provider whose ids these are. */
export async function isStillAsked(
  { database }: Clockwork,
  source: string,
  { workspace, livemode, scope, question }: OpenQuestion,
): Promise<boolean> {
  const { kind, id } = question;
  const money = KIND_OF[kind];
  if (money === undefined) {
    const key = kind === 'price' ? objectKey(source, id) : promotionKey(source, id);
    return !(await isInCatalogue(database.of(workspace), workspace, livemode, scopedKey(key, scope)));
  }
  const key = scopedKey(moneyKey(source, money, id), scope);
  const state = await stateBehind(database.of(workspace), workspace, livemode, key);
  return state === null || misses(readPayment(state), key, question);
}

function misses(state: PaymentState, key: string, { kind, id }: Question): boolean {
  // It counts as a sale of its own only because its time to wait was over; an invoice may turn up yet.
  const late = state.clock.matured !== null && !state.keys.some(isBillKey);
  if (kind === 'invoice_payments' && late) return true;
  // Asked for, and not paid at that moment.
  if (kind === 'invoice' && state.claims[key]?.status === 'open') return true;
  return questionsOf(state, collect(state), true).some((one) => one.kind === kind && one.id === id);
}
