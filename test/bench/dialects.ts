/** Each dialect's sale call: the same money told in its words, by buyers it knows from a click or a lead. */
import { createKey } from '../../src/pipeline/keys.ts';
import type { Clockwork } from '../../src/pipeline/clockwork.ts';
import { newId } from '../../src/pipeline/ids.ts';
import { surfaces } from '../../src/surfaces/index.ts';
import type { TestDatabase } from '../support/server.ts';
import { fire, shot, type Volley } from './fire.ts';
import { AFFILIATES } from './material.ts';

/** As many as there are affiliates, so that no balance is everybody's. */
const BUYERS = AFFILIATES;

type Ask = (method: string, path: string, body?: unknown) => Promise<{ text: string; location: string }>;

type Sale = { readonly path: string; readonly body: (buyer: number, order: number) => unknown };

type Dialect = {
  readonly created: string;
  /** Makes what a sale of this buyer needs. */
  readonly meet: (ask: Ask, buyer: number) => Promise<void>;
  readonly sale: Sale;
};

const DIALECTS: Readonly<Record<string, Dialect>> = {
  affonso: {
    created: '201',
    meet: async () => {},
    sale: {
      path: '/v1/conversions',
      body: (buyer, order) => ({ customer_id: `cus_${buyer}`, sale_amount: 99, external_event_id: `affonso_${order}` }),
    },
  },
  affixo: {
    created: '200',
    meet: async (ask, buyer) => {
      await ask('POST', '/affixo/v1/track/click', { ref: `a${buyer}`, visitor_id: `visitor_${buyer}` });
    },
    sale: {
      path: '/affixo/v1/track/sale',
      body: (buyer, order) => ({ visitor_id: `visitor_${buyer}`, amount: 99, external_id: `affixo_${order}` }),
    },
  },
  hoko: {
    created: '201',
    meet: async (ask, buyer) => {
      const [kept] = JSON.parse((await ask('POST', '/hoko/api/collections', [{ name: 'Links' }])).text) as {
        id: string;
      }[];
      const link = { url: 'https://example.com/', partnerId: `aff_${buyer}`, collectionId: kept?.id };
      const [made] = JSON.parse((await ask('POST', '/hoko/api/links', [link])).text) as { shortUrl: string }[];
      const { location } = await ask('GET', new URL(made?.shortUrl ?? '').pathname);
      const clickId = new URL(location).searchParams.get('hoko_id');
      const customer = { customerExternalId: `hoko_${buyer}`, customerName: 'Buyer' };
      await ask('POST', '/hoko/api/track/lead', { clickId, eventName: 'Sign up', ...customer });
    },
    sale: {
      path: '/hoko/api/track/sale',
      body: (buyer) => ({ customerExternalId: `hoko_${buyer}`, customerName: 'Buyer', amount: 9900 }),
    },
  },
  affitor: {
    created: '200',
    meet: async (ask, buyer) => {
      const url = `https://example.com/?aff=a${buyer}`;
      const { text } = await ask('POST', '/affitor/api/v1/track/click', { affiliate_url: url });
      const { click_id } = JSON.parse(text) as { click_id: string };
      await ask('POST', '/affitor/api/v1/track/lead', { click_id, customer_key: `affitor_${buyer}` });
    },
    sale: {
      path: '/affitor/api/v1/track/sale',
      body: (buyer, order) => ({
        transaction_id: `affitor_${order}`,
        amount_cents: 9900,
        customer_key: `affitor_${buyer}`,
      }),
    },
  },
};

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0';

function askAt(port: number, key: string): Ask {
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      redirect: 'manual',
      // Who says to be a program is sent on, but not counted.
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'user-agent': BROWSER },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return { text, location: response.headers.get('location') ?? '' };
  };
}

export type Told = { readonly name: string; readonly volley: Volley };

/** `count` sales in every dialect there is, after a warm-up of `warm`. Throws when one is answered otherwise. */
export async function dialects(
  on: TestDatabase,
  port: number,
  { count, warm, connections }: { readonly count: number; readonly warm: number; readonly connections: number },
): Promise<Told[]> {
  const work = { database: on.database, now: Date.now, newId } as unknown as Clockwork;
  const told: Told[] = [];
  for (const { name, keys: family } of surfaces) {
    const dialect = DIALECTS[name];
    if (!dialect) throw new Error(`the benchmark does not know how a sale is told in "${name}"`);
    const terms = { workspace: 'default', family, livemode: true, name: 'bench', scopes: ['*'] };
    const { key } = await createKey(work, terms);
    const ask = askAt(port, key);
    for (let buyer = 0; buyer < BUYERS; buyer += 10)
      await Promise.all(Array.from({ length: 10 }, (_, index) => dialect.meet(ask, buyer + index)));
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const { path, body } = dialect.sale;
    const shots = Array.from({ length: warm + count }, (_, order) =>
      shot('POST', path, headers, JSON.stringify(body(order % BUYERS, order))),
    );
    const volleys = [
      await fire(port, shots.slice(0, warm), connections),
      await fire(port, shots.slice(warm), connections),
    ];
    for (const { byStatus, count: all } of volleys)
      if (byStatus[dialect.created] !== all) throw new Error(`${name}: unexpected answers ${JSON.stringify(byStatus)}`);
    told.push({ name, volley: volleys[1] as Volley });
  }
  return told;
}
