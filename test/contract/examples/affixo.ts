/** One call of each of Affixo's operations that succeeds. */
import type { Example, ExampleStage } from './example.ts';

const FREE = { fingerprint: null, url: 'https://shop.example/pricing', referrer: 'https://blog.example/' };

/** An approved affiliate, whose id and ref_code are the same text. */
const affiliate = ({ site, fresh }: ExampleStage): Promise<string> => site.stage.affiliate(fresh('aff'));

async function link(stage: ExampleStage): Promise<string> {
  const body = { affiliate_id: await affiliate(stage), ref_param: stage.fresh('code') };
  const made = await stage.call('POST', { path: '/v1/links', body });
  return String(made.body.data['ref_param']);
}

/** A visitor who came through a link. */
async function visitor(stage: ExampleStage): Promise<string> {
  const clicked = await stage.call('POST', { path: '/v1/track/click', body: { ref: await link(stage) } });
  return String(clicked.body['visitor_id']);
}

async function sale(stage: ExampleStage): Promise<string> {
  const externalId = stage.fresh('order');
  const body = { visitor_id: await visitor(stage), external_id: externalId, amount: 99 };
  await stage.call('POST', { path: '/v1/track/sale', body });
  return externalId;
}

/** A click, a lead and a sale of the affiliate who holds the affiliate's key. */
async function ownSale(stage: ExampleStage): Promise<void> {
  const clicked = await stage.call('POST', { path: '/v1/track/click', body: { ref: stage.affiliate } });
  const body = { visitor_id: clicked.body['visitor_id'], external_id: stage.fresh('order'), amount: 99 };
  await stage.call('POST', { path: '/v1/track/sale', body });
}

function list(path: string, query = ''): Example {
  return {
    operation: `GET ${path}`,
    status: 200,
    async prepare(stage) {
      await sale(stage);
      return { path: `${path}${query}` };
    },
  };
}

function own(path: string): Example {
  return {
    operation: `GET /v1/affiliate/${path}`,
    status: 200,
    async prepare(stage) {
      await ownSale(stage);
      return { path: `/v1/affiliate/${path}`, key: 'affiliate' };
    },
  };
}

export const examples: readonly Example[] = [
  {
    operation: 'POST /v1/track/click',
    status: 200,
    async prepare(stage) {
      return { path: '/v1/track/click', body: { ...FREE, ref: await link(stage), visitor_id: stage.fresh('visitor') } };
    },
  },
  {
    operation: 'POST /v1/track/lead',
    status: 200,
    async prepare(stage) {
      const body = { ...FREE, visitor_id: await visitor(stage), external_id: stage.fresh('lead'), is_test: false };
      return {
        path: '/v1/track/lead',
        body: { ...body, ref: await link(stage), email: `${stage.fresh('buyer')}@x.example` },
      };
    },
  },
  {
    operation: 'POST /v1/track/sale',
    status: 200,
    async prepare(stage) {
      const body = { ...FREE, visitor_id: await visitor(stage), external_id: stage.fresh('order'), is_test: false };
      return { path: '/v1/track/sale', body: { ...body, ref: await link(stage), amount: 99.5, currency: 'EUR' } };
    },
  },
  {
    operation: 'POST /v1/track/refund',
    status: 200,
    async prepare(stage) {
      return { path: '/v1/track/refund', body: { external_id: await sale(stage) } };
    },
  },
  {
    operation: 'POST /v1/affiliates',
    status: 201,
    prepare({ fresh }) {
      const name = fresh('zoe');
      const body = { email: `${name}@partner.example`, name, ref_code: name };
      return Promise.resolve({ path: '/v1/affiliates', body });
    },
  },
  {
    operation: 'GET /v1/affiliates/:id',
    status: 200,
    async prepare(stage) {
      return { path: `/v1/affiliates/${await affiliate(stage)}` };
    },
  },
  {
    operation: 'GET /v1/affiliates',
    status: 200,
    async prepare(stage) {
      const name = await affiliate(stage);
      return { path: `/v1/affiliates?q=${name}&status=approved&limit=10&offset=0` };
    },
  },
  {
    operation: 'POST /v1/links',
    status: 201,
    async prepare(stage) {
      const body = { affiliate_id: await affiliate(stage), destination_url: 'https://shop.example/' };
      return {
        path: '/v1/links',
        body: { ...body, ref_param: stage.fresh('code'), campaign_id: stage.site.stage.program },
      };
    },
  },
  {
    operation: 'GET /v1/links',
    status: 200,
    async prepare(stage) {
      const body = { affiliate_id: await affiliate(stage) };
      await stage.call('POST', { path: '/v1/links', body });
      return { path: `/v1/links?affiliate_id=${body.affiliate_id}&limit=10&offset=0` };
    },
  },
  list('/v1/campaigns', '?limit=10&offset=0'),
  {
    operation: 'GET /v1/conversions',
    status: 200,
    async prepare(stage) {
      await ownSale(stage);
      return { path: `/v1/conversions?affiliate_id=${stage.affiliate}` };
    },
  },
  {
    operation: 'GET /v1/commissions',
    status: 200,
    async prepare(stage) {
      await ownSale(stage);
      return { path: `/v1/commissions?affiliate_id=${stage.affiliate}` };
    },
  },
  list('/v1/payouts'),
  list('/v1/reports/affiliates', '?limit=5'),
  own('me'),
  own('clicks'),
  own('links'),
  own('conversions'),
  own('commissions'),
  own('payouts'),
];
