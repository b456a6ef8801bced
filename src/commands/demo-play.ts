/** The history, sent to the service: signed webhooks out of order and more than once, and some sales told by a backend. */
import { Presets, SingleBar } from 'cli-progress';
import { z } from 'zod';
import type { SimulatedEvent } from '../simulator/account.ts';
import { deliver, deliveryPlan, type DeliveryReport } from '../simulator/deliver.ts';
import type { Api } from './demo-api.ts';
import { DemoError } from './demo-child.ts';
import { clickOn, type Affiliate } from './demo-scene.ts';

export const DUPLICATES = 0.2;
/** Places by which an event may arrive too early or too late. */
export const DISORDER = 40;
const CONCURRENCY = 16;

export type Sent = { readonly report: DeliveryReport; readonly seconds: number };

export async function sendEvents(
  url: string,
  secret: string,
  events: readonly SimulatedEvent[],
  seed: string,
): Promise<Sent> {
  const plan = { duplicates: DUPLICATES, shuffle: DISORDER, seed };
  const progress = openProgress(deliveryPlan(events, plan).length);
  const begun = performance.now();
  const report = await deliver({
    ...plan,
    url,
    secret,
    events,
    concurrency: CONCURRENCY,
    clockSeconds: () => Math.floor(Date.now() / 1000),
    onProgress: progress.advance,
  });
  progress.close();
  if (report.failed > 0)
    throw new DemoError(
      `${report.failed} deliveries were refused; answers by status: ${JSON.stringify(report.byStatus)}`,
    );
  return { report, seconds: (performance.now() - begun) / 1000 };
}

type Progress = { advance(done: number): void; close(): void };

/** A bar on a terminal; elsewhere a line every tenth of the way or 5 seconds. */
function openProgress(total: number): Progress {
  if (process.stdout.isTTY) {
    const format = '  {bar} {percentage} % | {value}/{total} webhooks | {eta_formatted} left';
    const bar = new SingleBar({ format, hideCursor: true }, Presets.shades_classic);
    bar.start(total, 0);
    return { advance: (done) => bar.update(done), close: () => bar.stop() };
  }
  const last = { share: 0, at: performance.now() };
  return {
    advance(done) {
      const share = Math.floor((done * 10) / total);
      if (share === last.share && performance.now() - last.at < 5_000) return;
      Object.assign(last, { share, at: performance.now() });
      console.log(`  ${String(Math.floor((done * 100) / total)).padStart(3)} %  ${done} of ${total} webhooks`);
    },
    close: () => undefined,
  };
}

const sold = z.object({ id: z.string(), sale_amount: z.number() });

/** Sales of a backend that does not bill with Stripe, one of them refunded in part. Returns how many. */
export async function sellByApi(api: Api, affiliates: readonly Affiliate[], startAt: number): Promise<number> {
  const amounts = [99, 249.5, 18.75];
  for (const [index, amount] of amounts.entries()) {
    const click = await clickOn(api, affiliates, index + 1, startAt);
    const sale = {
      click_id: click,
      external_user_id: `user-${index + 1}`,
      external_event_id: `order-${1001 + index}`,
      sale_amount: amount,
      sale_amount_currency: 'USD',
      created_at: new Date((startAt + (index + 1) * 86_400) * 1000).toISOString(),
    };
    const { id } = await api.post('/v1/conversions', sale, sold);
    if (index > 0) continue;
    const refund = {
      amount: 33,
      reason: 'one of three seats returned',
      external_event_id: 'order-1001-refund',
    };
    await api.post(`/v1/conversions/${id}/refund`, refund, sold);
  }
  return amounts.length;
}
