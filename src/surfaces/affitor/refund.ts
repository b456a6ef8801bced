/** A refund, once for each sale: by the commission's state, not by an id of its own (apis.md 4.2). */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import { toMajor } from '../../core/money.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { ConversionView } from '../../core/views.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { additionalData, cents, described, isTest, needs, NOT_AN_OBJECT, transactionId } from './inputs.ts';
import { failing } from './problems.ts';
import { aliased, done, NAME, success } from './replies.ts';
import { told, trialAnswer } from './trials.ts';

const TRANSACTION = 'is required';

const refund = z
  .object(
    {
      transaction_id: transactionId(TRANSACTION).describe('That of the sale. Required outside test mode.'),
      refund_amount_cents: cents(0, 'must be a whole number, at least 0').describe(
        'Default, 0 and more than the sale: all of it.',
      ),
      refund_reason: described(),
      additional_data: additionalData,
    },
    NOT_AN_OBJECT,
  )
  .refine(...needs('transaction_id', TRANSACTION));

type Refund = z.infer<typeof refund>;

const SKIPPED = 'already reversed';
const NO_COMMISSION = 'Sale has no commission to reverse';

const answers = z.union([
  z.object({
    success,
    status: z.enum(['reversed', 'refunded']).describe('reversed: all of it; refunded: a part.'),
    deductionAmount: z.number().describe('What the affiliate loses, in major units.'),
    commission_id: z.int(),
  }),
  z.object({ success, status: z.literal('skipped'), reason: z.literal(SKIPPED), commission_id: z.int() }),
  z.object({ success, status: z.literal('no_commission'), message: z.literal(NO_COMMISSION) }),
  trialAnswer('refund'),
]);

/** A commission that was reduced, taken back or declined is done with. */
function isOver({ refunded, commission }: ConversionView): boolean {
  return refunded > 0n || commission?.status === 'refunded' || commission?.status === 'declined';
}

async function refunded(body: Refund, raw: string, caller: Caller, desk: Desk): Promise<Reply | Refusal> {
  const id = body.transaction_id ?? '';
  const sale = await desk.saleTold(caller, NAME, id);
  if (isRefusal(sale)) return refuse('not_found', 'Sale not found for transaction_id');
  const asked = BigInt(body.refund_amount_cents ?? 0);
  const answer = isOver(sale)
    ? null
    : await desk.refund(caller, {
        dialect: NAME,
        conversionId: sale.id,
        amount: asked === 0n || asked >= sale.amount ? null : asked,
        currency: null,
        reason: body.refund_reason,
        externalEventId: `refund:${id}`,
        refundedAt: null,
        body: raw,
        total: true,
      });
  if (answer !== null && isRefusal(answer) && !REPEATED.has(answer.refused)) return answer;
  const stands = answer === null || isRefusal(answer) || answer.replayed ? null : answer.conversion;
  return shown(sale, stands, caller, desk);
}

/** Another refund of the same sale was faster: it is the one that counts. */
const REPEATED = new Set(['nothing_to_refund', 'different_money', 'refund_too_large', 'already_exists']);

/** `after` null: it was refunded before. */
async function shown(
  sale: ConversionView,
  after: ConversionView | null,
  caller: Caller,
  desk: Desk,
): Promise<Reply | Refusal> {
  const numbers = await desk.saleNumbers(caller, sale.id);
  if (isRefusal(numbers)) return numbers;
  const { commission: commissionId } = numbers;
  if (commissionId === null) return done({ status: 'no_commission', message: NO_COMMISSION });
  if (after === null) return done({ status: 'skipped', reason: SKIPPED, commission_id: commissionId });
  const { commission, refunded: gone, amount } = after;
  const deducted = (commission?.reversed ?? 0n) - (sale.commission?.reversed ?? 0n);
  return done({
    status: gone >= amount ? 'reversed' : 'refunded',
    deductionAmount: Number(toMajor(deducted, commission?.currency ?? sale.currency)),
    commission_id: commissionId,
  });
}

export const refundRoutes: readonly Route[] = aliased('refund', (path) =>
  route<Refund>({
    method: 'POST',
    path,
    scope: '*',
    summary: 'Take back what a sale earned, in whole or in part.',
    answers: { 200: answers },
    body: refund,
    problem: failing('Refund'),
    run: ({ body, raw, caller }, desk): Promise<Reply | Refusal> =>
      isTest(body) ? told('refund', body, caller, desk) : refunded(body, raw, caller, desk),
  }),
);
