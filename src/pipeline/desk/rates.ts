/** Exchange rates at the desk. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import { refuse } from '../../core/refusals.ts';
import { dayText, listRates, type NewRate } from '../../store/rates.ts';
import type { Clockwork } from '../clockwork.ts';
import { addRates } from '../rates.ts';

export function rateDesk(work: Clockwork): Pick<OfficeDesk, 'addRate' | 'rates'> {
  return {
    addRate: (caller, rate) => add(work, caller, rate),
    rates: ({ workspace }, filter) => listRates(work.database.of(workspace), workspace, filter),
  };
}

async function add(work: Clockwork, { workspace }: Caller, rate: NewRate): ReturnType<OfficeDesk['addRate']> {
  const now = work.now();
  const { fresh, others } = await addRates(work, workspace, [rate]);
  const [other] = others;
  if (!other) return { rate: { ...rate, createdAt: now }, known: fresh === 0 };
  const pair = `${rate.from.toUpperCase()} to ${rate.to.toUpperCase()}`;
  return refuse(
    'already_exists',
    `The rate from ${pair} on ${dayText(rate.day)} is known and another one (${other.source}); money was converted by it, so it stays.`,
    { field: 'rate' },
  );
}
