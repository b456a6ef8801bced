/** What an affiliate has, now or at a moment, and every transfer that made it. */
import { z } from 'zod';
import type { BalanceView, TransferView } from '../../core/views.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import {
  answered,
  dataAnswer,
  done,
  listRoute,
  major,
  momentUntil,
  pageQuery,
  route,
  upper,
} from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

/** A date alone means the end of that day, UTC. */
const balanceQuery = z.object({
  at: momentUntil.optional().describe('As of then, from the ledger; a date alone with its whole day. Default: now.'),
});

const balanceAnswer = z
  .object({
    currency: answered.currency,
    review: answered.major.describe('Waits for an approval.'),
    pending: answered.major.describe('On hold.'),
    payable: answered.major.describe('To be paid out; below zero when money went back after it was paid.'),
    paid: answered.major,
  })
  .meta({ id: 'Balance' });

function balanceShape({ currency, standing }: BalanceView): z.infer<typeof balanceAnswer> {
  return {
    currency: upper(currency),
    review: major(standing.review, currency),
    pending: major(standing.pending, currency),
    payable: major(standing.payable, currency),
    paid: major(standing.paid, currency),
  };
}

const account = z.string().meta({ examples: ['program', 'review', 'pending', 'payable', 'paid'] });

export const transferAnswer = z
  .object({
    id: answered.id,
    commission_id: answered.id,
    earning_id: answered.id,
    debit: account,
    credit: account,
    amount: answered.major,
    currency: answered.currency,
    reason: z.string(),
    created_at: answered.moment,
  })
  .meta({ id: 'Transfer' });

export function transferShape(view: TransferView): z.infer<typeof transferAnswer> {
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
  summary: 'What an affiliate has in each currency, now or at a moment.',
  answers: { 200: dataAnswer(z.array(balanceAnswer)) },
  scope: 'read:affiliates',
  query: balanceQuery,
  async run({ caller, params, query }, desk) {
    const found = await desk.balance(caller, params['id'] ?? '', query.at ?? null);
    return isRefusal(found) ? found : done(found.map(balanceShape));
  },
});

const ledger = listRoute({
  path: '/v1/affiliates/:id/ledger',
  summary: 'Every transfer of an affiliate, newest first.',
  scope: 'read:affiliates',
  query: pageQuery,
  row: transferAnswer,
  shape: transferShape,
  read: ({ caller, params, paging }, desk) => desk.ledger(caller, params['id'] ?? '', paging),
});

export const balanceRoutes: readonly Route[] = [balance, ledger];
