/** Conversions and commissions as they are read, and an operator's rulings on them. */
import type { Caller, OfficeDesk, RulingRequest } from '../../core/desk.ts';
import type { ConversionView } from '../../core/views.ts';
import { reasonInWords } from '../../core/explain.ts';
import { moneyKey, stripeMoneyKey } from '../../core/keys.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { listCommissions, listConversions } from '../../store/conversion-lists.ts';
import { conversionsByEventId, findConversion, saleByMoneyKey } from '../../store/conversions.ts';
import { dueOf } from '../../store/ledger.ts';
import { runBatch } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { aliasOf } from './alias.ts';
import { entryKey, itemOfEntry } from '../journal.ts';

type Part = Pick<OfficeDesk, 'conversion' | 'saleTold' | 'conversions' | 'commissions' | 'rule'>;

export function commissionDesk(work: Clockwork): Part {
  const { of } = work.database;
  return {
    conversion: async (caller, id) => (await findConversion(of(caller.workspace), caller, id)) ?? noConversion(id),
    saleTold: (caller, dialect, id) => saleTold(work, caller, dialect, id),
    conversions: (caller, filter) =>
      filter.externalEventId === null
        ? listConversions(of(caller.workspace), caller, filter, filter)
        : ofEvent(work, caller, filter.externalEventId, filter),
    commissions: (caller, filter) => listCommissions(of(caller.workspace), caller, filter),
    rule: (caller, id, ruling, body) => rule(work, caller, id, ruling, body),
  };
}

function noConversion(id: string): Refusal {
  return refuse('not_found', `There is no conversion "${id}".`);
}

async function saleTold(
  work: Clockwork,
  caller: Caller,
  dialect: string,
  id: string,
): ReturnType<OfficeDesk['saleTold']> {
  const tx = work.database.of(caller.workspace);
  const told = await saleByMoneyKey(tx, caller, moneyKey(dialect, 'sale', id));
  if (told) return told;
  const key = (await aliasOf(work, caller, id)) ?? stripeMoneyKey(id);
  const heard = key === null ? null : await saleByMoneyKey(tx, caller, key);
  return heard ?? refuse('not_found', `No sale was told as "${id}".`, { field: 'external_event_id' });
}

type Filter = Parameters<OfficeDesk['conversions']>[1];

async function ofEvent(
  work: Clockwork,
  caller: Caller,
  id: string,
  filter: Filter,
): ReturnType<OfficeDesk['conversions']> {
  const all = await conversionsByEventId(work.database.of(caller.workspace), caller, id);
  const credited = (one: ConversionView): boolean =>
    filter.creditedTo === undefined ||
    (filter.creditedTo === 'anybody' ? one.affiliateId !== null : one.affiliateId === filter.creditedTo);
  const found = all.filter((one) => (filter.kind === null || one.kind === filter.kind) && credited(one));
  return { rows: found.slice(filter.offset, filter.offset + filter.limit), total: found.length };
}

/** A ruling is a fact like any other: journalled, merged, decided. The newest one counts, of each of its words by itself. */
async function rule(
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
  if (order.ordered || order.holdDays != null) await post(work, caller, sale, order, body);
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

async function post(
  work: Clockwork,
  { workspace, livemode }: Caller,
  sale: ConversionView,
  { status = null, ordered, holdDays }: RulingRequest,
  body: string,
): Promise<void> {
  const at = work.now();
  const name = entryKey('ruling', livemode, `${sale.id}:${work.newId('op')}`);
  const pays = status === 'paid' || status === 'processing_payout';
  const amounts = pays ? await dueOf(work.database.of(workspace), workspace, sale.id) : null;
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
  await runBatch(work, { workspace, livemode, source: 'operator', items: [item] });
}

function whyNone({ reason, affiliateId }: ConversionView): string {
  return reasonInWords(reason ?? (affiliateId === null ? 'unattributed' : 'no_incentive_matched'));
}
