/** Conversions and commissions as they are read, and an operator's rulings on them. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import type { ConversionView } from '../../core/views.ts';
import { moneyKey, stripeMoneyKey } from '../../core/keys.ts';
import { refuse } from '../../core/refusals.ts';
import { listCommissions, listConversions } from '../../store/conversion-lists.ts';
import { conversionsByEventId, findConversion, saleByMoneyKey } from '../../store/conversions.ts';
import type { Clockwork } from '../clockwork.ts';
import { aliasOf } from './alias.ts';
import { noConversion, rule } from './rulings.ts';

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
