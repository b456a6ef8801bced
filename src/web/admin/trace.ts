/** `GET /v1/trace/{any id}`: the whole explanation. */
import { z } from 'zod';
import type { TraceView } from '../../core/views.ts';
import type { Explanation } from '../../core/explain.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import {
  answered,
  dataAnswer,
  done,
  listedConversion,
  listedConversionAnswer,
  major,
  route,
} from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';
import { transferAnswer, transferShape } from './balances.ts';

const lineAnswer = z.object({
  id: z.string(),
  price_ids: z.array(z.string()),
  product_ids: z.array(z.string()),
  interval: z.string().nullable(),
  interval_from: z.string().describe('Where the interval was read.'),
  base: answered.major,
  incentive_id: answered.id.nullable().describe('The incentive that paid.'),
  rejected: z
    .array(z.object({ incentive_id: answered.id, version: z.int(), reason: z.string() }))
    .describe('Incentives that were passed over, and why.'),
});

const explanationAnswer = z
  .object({
    credited_via: z.string().nullable().describe('What led to the affiliate.'),
    token: z.string().nullable(),
    unknown_tokens: z.array(z.string()),
    cash: answered.major,
    total: answered.major,
    net: answered.major.describe('Of the total, what is without tax and shipping.'),
    flags: z.array(z.string()),
    lines: z.array(lineAnswer),
  })
  .meta({ id: 'Explanation' });

function explanationShape(why: Explanation, currency: string): z.infer<typeof explanationAnswer> {
  const money = (minor: string): number => major(BigInt(minor), currency);
  return {
    credited_via: why.via,
    token: why.token,
    unknown_tokens: [...(why.unknown ?? [])],
    cash: money(why.cash),
    total: money(why.total),
    net: money(why.net),
    flags: [...(why.flags ?? [])],
    lines: why.lines.map((line) => ({
      id: line.id,
      price_ids: [...line.prices],
      product_ids: [...line.products],
      interval: line.interval,
      interval_from: line.from,
      base: money(line.base),
      incentive_id: line.incentive,
      rejected: line.rejected.map(({ id, version, reason }) => ({
        incentive_id: id,
        version,
        reason,
      })),
    })),
  };
}

const traceAnswer = z
  .object({
    id: z.string().describe('What was asked for.'),
    kind: z.string(),
    state: z.string(),
    summary: z.array(z.string()).describe('The whole reason in sentences.'),
    keys: z.array(z.string()).describe('Every id under which the same money is known.'),
    events: z.array(z.object({ source: z.string(), id: z.string(), type: z.string(), created_at: answered.moment })),
    conversions: z.array(listedConversionAnswer),
    explanation: explanationAnswer.nullable(),
    transfers: z.array(transferAnswer),
  })
  .meta({ id: 'Trace' });

function traceShape(view: TraceView): z.infer<typeof traceAnswer> {
  const sale = view.conversions.find((one) => one.kind === 'sale');
  return {
    id: view.asked,
    kind: view.kind,
    state: view.state,
    summary: [...view.summary],
    keys: [...view.keys],
    events: view.events.map(({ source, id, type, at }) => ({
      source,
      id,
      type,
      created_at: toIso(at),
    })),
    conversions: view.conversions.map(listedConversion),
    explanation: view.explanation && sale ? explanationShape(view.explanation, sale.currency) : null,
    transfers: view.transfers.map(transferShape),
  };
}

const trace = route({
  method: 'GET',
  path: '/v1/trace/:id',
  summary: 'Why: the whole story of any id, Stripe’s, a dialect’s or our own.',
  answers: { 200: dataAnswer(traceAnswer) },
  scope: 'read:commissions',
  async run({ caller, params }, desk) {
    const found = await desk.trace(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(traceShape(found));
  },
});

export const traceRoutes: readonly Route[] = [trace];
