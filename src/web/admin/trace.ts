/** `GET /v1/trace/{any id}`: the whole explanation. */
import type { TraceView } from '../../core/views.ts';
import type { Explanation } from '../../core/explain.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { done, listedConversion, major, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';
import { transferShape } from './balances.ts';

function explanationShape(why: Explanation, currency: string): Record<string, unknown> {
  const money = (minor: string): number => major(BigInt(minor), currency);
  return {
    credited_via: why.via,
    token: why.token,
    unknown_tokens: why.unknown ?? [],
    cash: money(why.cash),
    total: money(why.total),
    net: money(why.net),
    flags: why.flags ?? [],
    lines: why.lines.map((line) => ({
      id: line.id,
      price_ids: line.prices,
      product_ids: line.products,
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

function traceShape(view: TraceView): Record<string, unknown> {
  const sale = view.conversions.find((one) => one.kind === 'sale');
  return {
    id: view.asked,
    kind: view.kind,
    state: view.state,
    summary: view.summary,
    keys: view.keys,
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
  scope: 'read:commissions',
  async run({ caller, params }, desk) {
    const found = await desk.trace(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(traceShape(found));
  },
});

export const traceRoutes: readonly Route[] = [trace];
