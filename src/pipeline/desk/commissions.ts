/** Conversions and commissions as they are read, and an operator's rulings on them. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
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
    rule: (caller, id, status, body) => rule(work, caller, id, status, body),
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

/** A ruling is a fact like any other: journalled, merged, decided. The newest one counts. */
async function rule(
  work: Clockwork,
  caller: Caller,
  id: string,
  status: string,
  body: string,
): Promise<ConversionView | Refusal> {
  const { workspace, livemode } = caller;
  const sale = await findConversion(work.database.of(caller.workspace), caller, id);
  if (sale?.kind !== 'sale') return noConversion(id);
  if (sale.commission === null)
    return refuse('invalid_input', `There is no commission to rule on: ${whyNone(sale)}.`, {
      field: 'status',
    });
  const at = work.now();
  const name = entryKey('ruling', livemode, `${sale.id}:${work.newId('op')}`);
  const pays = status === 'paid' || status === 'processing_payout';
  const amounts = pays ? await dueOf(work.database.of(workspace), workspace, sale.id) : null;
  const item = itemOfEntry(
    { source: 'operator', id: name, livemode, at, received: at },
    { kind: 'ruling', payment: sale.moneyKey, status, ...(amounts ? { amounts } : {}), body },
  );
  await runBatch(work, { workspace, livemode, source: 'operator', items: [item] });
  return (await findConversion(work.database.of(caller.workspace), caller, sale.id)) ?? noConversion(id);
}

function whyNone({ reason, affiliateId }: ConversionView): string {
  return reasonInWords(reason ?? (affiliateId === null ? 'unattributed' : 'no_incentive_matched'));
}
