/** What an affiliate has, now or at a moment, and every transfer that made it. */
import { z } from 'zod';
import type { BalanceView, TransferView } from '../../core/views.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { done, listed, major, momentUntil, pageFields, pagingOf, route, upper } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

/** A date alone means the end of that day, UTC. */
const balanceQuery = z.object({ at: momentUntil.optional() });
const ledgerQuery = z.object(pageFields);

function balanceShape({ currency, standing }: BalanceView): Record<string, unknown> {
  return {
    currency: upper(currency),
    review: major(standing.review, currency),
    pending: major(standing.pending, currency),
    payable: major(standing.payable, currency),
    paid: major(standing.paid, currency),
  };
}

export function transferShape(view: TransferView): Record<string, unknown> {
  return {
    id: view.id,
    commission_id: view.conversionId,
    earning_id: view.commissionId,
    debit: view.debit,
    credit: view.credit,
    amount: major(view.amount, view.currency),
    currency: upper(view.currency),
    reason: view.reason,
    created_at: toIso(view.at),
  };
}

const balance = route<unknown, z.infer<typeof balanceQuery>>({
  method: 'GET',
  path: '/v1/affiliates/:id/balance',
  scope: 'read:affiliates',
  query: balanceQuery,
  async run({ caller, params, query }, desk) {
    const found = await desk.balance(caller, params['id'] ?? '', query.at ?? null);
    return isRefusal(found) ? found : done(found.map(balanceShape));
  },
});

const ledger = route<unknown, z.infer<typeof ledgerQuery>>({
  method: 'GET',
  path: '/v1/affiliates/:id/ledger',
  scope: 'read:affiliates',
  query: ledgerQuery,
  async run({ caller, params, query }, desk) {
    const found = await desk.ledger(caller, params['id'] ?? '', pagingOf(query));
    return isRefusal(found) ? found : listed(found, query, transferShape);
  },
});

export const balanceRoutes: readonly Route[] = [balance, ledger];
