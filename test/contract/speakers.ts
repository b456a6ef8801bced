/**
 * The four dialects saying the same things: that somebody came through an affiliate's link, and what they bought. What a
 * test then finds must not depend on who said it.
 */
import { surfaces } from '../../src/surfaces/index.ts';
import { toMajor } from '../../src/core/money.ts';
import type { Answer, Site } from '../web/site.ts';

export type Sold = {
  readonly buyer: string;
  /** The caller's own id of the sale. */
  readonly order: string;
  /** Minor units. */
  readonly amount: bigint;
  readonly currency: string;
};

export type Speaker = {
  readonly name: string;
  readonly key: string;
  /** Status of a first sale. */
  readonly created: number;
  /** Says that this buyer came through the link of jane. */
  meet(buyer: string): Promise<void>;
  /** The body of a sale as JSON text: amounts are written as the caller's own number. */
  body(sold: Sold): string;
  sell(sold: Sold): Promise<Answer>;
  /** Broken, empty or other bodies on the sale's path. */
  raw(body: string, key?: string | null): Promise<Answer>;
};

const SALE_PATHS: Readonly<Record<string, string>> = {
  affonso: '/affonso/v1/conversions',
  affixo: '/affixo/v1/track/sale',
  hoko: '/hoko/api/track/sale',
  affitor: '/affitor/api/v1/track/sale',
};

const number = (text: string): unknown => `#${text}#`;

/** JSON with numbers exactly as written: 1.10 stays 1.10. */
const exact = (body: Record<string, unknown>): string => JSON.stringify(body).replaceAll(/"#(.*?)#"/g, '$1');

const BODIES: Readonly<Record<string, (sold: Sold) => Record<string, unknown>>> = {
  affonso: ({ buyer, order, amount, currency }) => ({
    customer_id: buyer,
    sale_amount: number(toMajor(amount, currency)),
    sale_amount_currency: currency,
    external_event_id: order,
  }),
  affixo: ({ buyer, order, amount, currency }) => ({
    visitor_id: buyer,
    amount: number(toMajor(amount, currency)),
    currency,
    external_id: order,
  }),
  hoko: ({ buyer, amount, currency }) => ({
    customerExternalId: buyer,
    customerName: 'Buyer',
    amount: number(String(amount)),
    currency,
  }),
  affitor: ({ buyer, order, amount, currency }) => ({
    customer_key: buyer,
    transaction_id: order,
    amount_cents: number(String(amount)),
    currency,
  }),
};

type Say = (path: string, body: unknown) => Promise<Record<string, unknown>>;

/** A link of jane's, and a visit through it. */
async function hokoClick(site: Site, key: string, say: Say): Promise<string> {
  const [shelf] = (await say('/hoko/api/collections', [{ name: 'Links' }])) as unknown as readonly { id: string }[];
  const link = { url: 'https://example.com/', partnerId: 'jane', collectionId: shelf?.id };
  const links = (await say('/hoko/api/links', [link])) as unknown as readonly { readonly shortUrl: string }[];
  const { pathname } = new URL(links[0]?.shortUrl ?? '');
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const visit = await fetch(`${site.url}${pathname}`, { redirect: 'manual', headers: { 'user-agent': agent } });
  return new URL(visit.headers.get('location') ?? '').searchParams.get('hoko_id') ?? `no click for ${key}`;
}

const MEETINGS: Readonly<Record<string, (site: Site, key: string, say: Say, buyer: string) => Promise<unknown>>> = {
  affonso: (_site, _key, say, buyer) =>
    say('/affonso/v1/referrals', { affiliate_id: 'jane', email: `${buyer}@example.com`, customer_id: buyer }),
  affixo: (_site, _key, say, buyer) => say('/affixo/v1/track/click', { ref: 'jane', visitor_id: buyer }),
  hoko: async (site, key, say, buyer) => {
    const clickId = await hokoClick(site, key, say);
    const customer = { customerExternalId: buyer, customerName: 'Buyer' };
    return say('/hoko/api/track/lead', { clickId, eventName: 'Sign up', ...customer });
  },
  affitor: async (_site, _key, say, buyer) => {
    const body = { affiliate_url: 'https://example.com/?aff=jane', additional_data: {} };
    const { click_id } = await say('/affitor/api/v1/track/click', body);
    return say('/affitor/api/v1/track/lead', { click_id, customer_key: buyer });
  },
};

const CREATED: Readonly<Record<string, number>> = { affonso: 201, affixo: 200, hoko: 201, affitor: 200 };

/** Everybody who speaks at this site, with a key of their own. Keyless calls are in the workspace `default`. */
export async function speakersOf(site: Site): Promise<Speaker[]> {
  const all: Speaker[] = [];
  for (const { name, keys } of surfaces) {
    const [path, bodyOf, meeting, created] = [SALE_PATHS[name], BODIES[name], MEETINGS[name], CREATED[name]];
    if (!path || !bodyOf || !meeting || !created) throw new Error(`nobody speaks "${name}" in the tests`);
    const { key } = await site.keyFor(true, ['*'], site.stage.workspace, keys);
    const say: Say = async (to, body) => {
      const { status, text } = await site.post(to, body, { key });
      if (status >= 300) throw new Error(`${to}: ${status} ${text}`);
      return JSON.parse(text) as Record<string, unknown>;
    };
    const body = (sold: Sold): string => exact(bodyOf(sold));
    all.push({
      name,
      key,
      created,
      meet: async (buyer) => void (await meeting(site, key, say, buyer)),
      body,
      sell: (sold) => site.send('POST', path, body(sold), { key }),
      raw: (text, own = key) => site.send('POST', path, text, { key: own }),
    });
  }
  return all;
}
