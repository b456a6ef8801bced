/** Who takes part in the demo and by which rules they earn: all of it set up through the API. */
import { z } from 'zod';
import type { SimulatedEvent } from '../simulator/account.ts';
import type { Api } from './demo-api.ts';

export type Affiliate = { readonly id: string; readonly name: string; readonly trackingId: string };

const NAMES = ['Ana Ribeiro', 'Ben Okafor', 'Chloé Martin', 'Dev Raman', 'Ewa Nowak'];

const made = z.object({ id: z.string() });

export async function createAffiliates(api: Api): Promise<Affiliate[]> {
  return Promise.all(
    NAMES.map(async (name) => {
      const [first = ''] = name
        .normalize('NFD')
        .replaceAll(/[^\w ]/g, '')
        .toLowerCase()
        .split(' ');
      const body = {
        name,
        email: `${first}@partners.example`,
        tracking_id: first,
        partnership_status: 'approved',
      };
      return { ...(await api.post('/v1/affiliates', body, made)), name, trackingId: first };
    }),
  );
}

/** How a customer came: by a link, whose click id travels with the purchase; by a sign-up with an e-mail; by itself. */
type Arrival = 'link' | 'signup' | 'alone';

function arrivalOf(customer: number): Arrival {
  if (customer % 5 === 4) return 'alone';
  return customer % 12 === 1 ? 'signup' : 'link';
}

/** Some affiliates send more customers than others. */
const SHARES = [0, 1, 0, 2, 3, 0, 1, 4, 2, 0, 1];

/** The click (or null) that each customer's purchases name, by index. Days are spread over the first weeks. */
export async function bringCustomers(
  api: Api,
  affiliates: readonly Affiliate[],
  customers: number,
  startAt: number,
): Promise<(string | null)[]> {
  const arrive = async (index: number): Promise<string | null> => {
    const arrival = arrivalOf(index);
    if (arrival === 'alone') return null;
    const click = await clickOn(api, affiliates, index, startAt);
    if (arrival === 'link') return click;
    const email = `customer${index + 1}@buyers.example`;
    await api.post('/v1/signups', { click_id: click, email, name: `Customer ${index + 1}` }, made);
    return null;
  };
  const clicks: (string | null)[] = [];
  // A few at once: the pool of the service is shared with its worker.
  for (let from = 0; from < customers; from += 8)
    clicks.push(
      ...(await Promise.all(Array.from({ length: Math.min(8, customers - from) }, (_, index) => arrive(from + index)))),
    );
  return clicks;
}

/** A click on the link of one of them, by share; returns its id, which is the referral's id too. */
export async function clickOn(
  api: Api,
  affiliates: readonly Affiliate[],
  index: number,
  startAt: number,
): Promise<string> {
  const trackingId = affiliates[SHARES[index % SHARES.length] ?? 0]?.trackingId;
  const createdAt = new Date(startAt * 1000 - 3_600_000).toISOString();
  return (await api.post('/v1/clicks', { trackingId, createdAt, utmSource: 'demo', sub1: `visit-${index}` }, made)).id;
}

/** Price ids of the cheapest monthly plan in every payload family, from the catalogue's own events. */
function starterPrices(events: readonly SimulatedEvent[]): string[] {
  const prices = events
    .filter(({ type }) => type === 'price.created')
    .map(({ body }) => priceEvent.parse(JSON.parse(body)).data.object);
  const least = Math.min(...prices.map((price) => price.unit_amount));
  return prices.filter((price) => price.unit_amount === least).map((price) => price.id);
}

const priceEvent = z.object({
  data: z.object({ object: z.object({ id: z.string(), unit_amount: z.number() }) }),
});

/** Six rules: by interval, by price, for one-time sales, and a bonus for one affiliate. Returns their names by id. */
export async function createIncentives(
  api: Api,
  affiliates: readonly Affiliate[],
  events: readonly SimulatedEvent[],
): Promise<Map<string, string>> {
  const rules = [
    {
      name: 'Monthly plans 30 %',
      type: 'percentage',
      amount: 30,
      interval: 'monthly',
      hold_period_days: 30,
    },
    { name: 'Quarterly plans 25 %', type: 'percentage', amount: 25, interval: 'quarterly' },
    { name: 'Yearly plans 20 %', type: 'percentage', amount: 20, interval: 'yearly' },
    {
      name: 'Starter plan 5 USD',
      type: 'fixed',
      amount: 5,
      currency: 'USD',
      price_ids: starterPrices(events),
    },
    { name: 'One-time sales 10 %', type: 'percentage', amount: 10, is_subscription: false },
    {
      name: `First sale bonus for ${affiliates[2]?.name}`,
      type: 'fixed',
      amount: 40,
      currency: 'USD',
      apply_to: 'first',
      affiliate_id: affiliates[2]?.id,
    },
  ];
  const names = new Map<string, string>();
  for (const rule of rules) names.set((await api.post('/v1/program/incentives', rule, made)).id, rule.name);
  return names;
}
