/** What an operator or a caller says of a commission: journalled, merged and decided like every other fact. */
import type { Caller, RulingRequest } from '../../core/desk.ts';
import { reasonInWords } from '../../core/explain.ts';
import type { Decision } from '../../core/decide.ts';
import { refuse, isRefusal, type Refusal } from '../../core/refusals.ts';
import { isPayout } from '../../core/requests.ts';
import type { ConversionView } from '../../core/views.ts';
import { findConversion } from '../../store/conversions.ts';
import { dueOf } from '../../store/ledger.ts';
import { runBatch, type Settled } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { answerOf, Answered } from './answered.ts';

export function noConversion(id: string): Refusal {
  return refuse('not_found', `There is no conversion "${id}".`);
}

/** The newest ruling counts, of each of its words by itself. */
export async function rule(
  work: Clockwork,
  caller: Caller,
  id: string,
  ruling: RulingRequest,
  body: string,
): Promise<ConversionView | Refusal> {
  const sale = await findConversion(work.database.of(caller.workspace), caller, id);
  if (sale?.kind !== 'sale') return noConversion(id);
  const refused = refusedRuling(sale, ruling);
  if (refused) return refused;
  const { status, ...order } = ruling;
  // The amount first: what is paid out by a status is what stands then.
  if (order.ordered || order.holdDays != null) {
    const answer = await post(work, caller, sale, order, body);
    if (isRefusal(answer)) return answer;
  }
  if (status) await post(work, caller, sale, { status }, body);
  return (await findConversion(work.database.of(caller.workspace), caller, sale.id)) ?? noConversion(id);
}

function refusedRuling(sale: ConversionView, { ordered }: RulingRequest): Refusal | null {
  if (ordered && sale.refunded > 0n)
    return refuse(
      'invalid_input',
      'Part of the sale was refunded, and its commission with it; it cannot be set again.',
      {
        field: 'commission_amount',
      },
    );
  // Whoever is credited can be given something also where no incentive gave them anything.
  if (sale.commission !== null || (ordered && sale.affiliateId !== null)) return null;
  return refuse('invalid_input', `There is no commission to rule on: ${whyNone(sale)}.`, { field: 'status' });
}

function whyNone({ reason, affiliateId }: ConversionView): string {
  return reasonInWords(reason ?? (affiliateId === null ? 'unattributed' : 'no_incentive_matched'));
}

async function post(
  work: Clockwork,
  { workspace, livemode }: Caller,
  sale: ConversionView,
  { status = null, ordered, holdDays }: RulingRequest,
  body: string,
): Promise<Settled | Refusal> {
  const at = work.now();
  const name = entryKey('ruling', livemode, `${sale.id}:${work.newId('op')}`);
  const amounts = isPayout(status) ? await dueOf(work.database.of(workspace), workspace, sale.id) : null;
  const item = itemOfEntry(
    { source: 'operator', id: name, livemode, at, received: at },
    {
      kind: 'ruling',
      payment: sale.moneyKey,
      status,
      ...(amounts ? { amounts } : {}),
      ...(ordered ? { ordered } : {}),
      ...(holdDays == null ? {} : { holdDays }),
      body,
    },
  );
  const guard = (settled: Settled): void => {
    const paymentId = settled.session.book.keys.get(sale.moneyKey) ?? '';
    const decision = settled.decisions.get(paymentId);
    if (ordered && decision) mustEarn(decision);
  };
  return answerOf<Settled, Refusal>(() =>
    runBatch(work, { workspace, livemode, source: 'operator', items: [item], guard }),
  );
}

/** Ends a batch that sets what a sale earns where nobody may earn of it, whatever is set. */
export function mustEarn({ earning, attribution }: Pick<Decision, 'earning' | 'attribution'>): void {
  const credited = attribution?.referral == null ? (attribution?.reason ?? null) : null;
  const reason = credited ?? earning?.reason ?? null;
  if (!earning || earning.ordered || reason === null || reason === 'no_exchange_rate') return;
  throw new Answered(
    refuse('invalid_input', `Nothing can be earned by it: ${reasonInWords(reason)}.`, { field: 'commission_amount' }),
  );
}

/**
 * A sale that was told as paid out already says how much, and to whom, as soon as that is known: whatever changes later,
 * that was paid. Whoever recruited the affiliate was not meant.
 */
export async function settlePayout(
  work: Clockwork,
  { workspace, livemode }: Caller,
  sale: ConversionView,
  status: string,
): Promise<void> {
  const due = await dueOf(work.database.of(workspace), workspace, sale.id);
  const amounts = due.filter(({ affiliateId }) => affiliateId === sale.affiliateId);
  if (amounts.length === 0) return;
  const received = work.now();
  const at = Math.min(sale.occurredAt, received);
  const item = itemOfEntry(
    { source: 'operator', id: entryKey('ruling', livemode, `${sale.id}:told`), livemode, at, received },
    { kind: 'ruling', payment: sale.moneyKey, status, amounts, body: '' },
  );
  await runBatch(work, { workspace, livemode, source: 'operator', items: [item] });
}
