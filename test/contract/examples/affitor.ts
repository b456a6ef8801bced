/** One call of each of Affitor's operations that succeeds. */
import type { Example, ExampleCall, ExampleStage } from './example.ts';

const PAGE = 'https://shop.example/pricing';

/** Calls without a key say whose program they are for. */
async function programOf({ site }: ExampleStage): Promise<number> {
  const [row] = await site.stage.ask<{ number: bigint }>('SELECT number FROM programs WHERE workspace_id = $1');
  return Number(row?.number);
}

/** A visit through the link of a new affiliate. */
async function visit(stage: ExampleStage): Promise<ExampleCall> {
  const code = await stage.site.stage.affiliate(stage.fresh('aff'));
  const body = {
    affiliate_url: `${PAGE}?aff=${code}`,
    page_url: `${PAGE}?aff=${code}`,
    page_title: 'Pricing',
    referrer_url: 'https://blog.example/',
    session_id: stage.fresh('sess'),
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
    screen_resolution: '1920x1080',
    viewport_size: '1200x800',
    language: 'en-US',
    timezone: 'Europe/Vienna',
    program_id: await programOf(stage),
  };
  return { path: '/api/v1/track/click', key: 'none', body };
}

async function clickId(stage: ExampleStage): Promise<string> {
  const clicked = await stage.call('POST', await visit(stage));
  return String(clicked.body['click_id']);
}

/** A customer who signed up after a click. */
async function customer(stage: ExampleStage): Promise<string> {
  const key = stage.fresh('user');
  const body = { click_id: await clickId(stage), customer_key: key };
  await stage.call('POST', { path: '/api/v1/track/lead', body });
  return key;
}

async function sale(stage: ExampleStage): Promise<string> {
  const transaction = stage.fresh('txn');
  const body = { transaction_id: transaction, customer_key: await customer(stage), amount_cents: 9900 };
  await stage.call('POST', { path: '/api/v1/track/sale', body });
  return transaction;
}

/** The same call under both of its paths. */
function both(what: string, bodyOf: (stage: ExampleStage) => Promise<ExampleCall>): readonly Example[] {
  return [`/api/v1/track/${what}`, `/api/tracking/${what}`].map((path) => ({
    operation: `POST ${path}`,
    status: 200,
    async prepare(stage) {
      return { ...(await bodyOf(stage)), path };
    },
  }));
}

const ofProgram = (what: string, query: string): Example => ({
  operation: `GET /api/tracking/${what}/:programId`,
  status: 200,
  async prepare(stage) {
    await sale(stage);
    return { path: `/api/tracking/${what}/${await programOf(stage)}${query}` };
  },
});

const checks = (path: string): Example => ({
  operation: `POST ${path}`,
  status: 200,
  async prepare(stage) {
    return { path, body: { program_id: await programOf(stage), step_id: 'pageview' } };
  },
});

export const examples: readonly Example[] = [
  ...both('click', visit),
  ...both('lead', async (stage) => {
    const key = stage.fresh('user');
    const click = await clickId(stage);
    const more = { email: `${key}@buyer.example`, session_id: stage.fresh('sess'), page_url: `${PAGE}/welcome` };
    return { path: '', body: { click_id: click, customer_key: key, click_ids: [click], ...more } };
  }),
  ...both('sale', async (stage) => ({
    path: '',
    body: {
      transaction_id: stage.fresh('txn'),
      customer_key: await customer(stage),
      amount_cents: 9900,
      currency: 'USD',
      sale_type: 'subscription',
      is_recurring: false,
      subscription_id: stage.fresh('sub'),
      subscription_interval: 'monthly',
      product_id: 'prod_pro',
      line_items: [{ name: 'Pro', quantity: 1 }],
    },
  })),
  ...both('refund', async (stage) => ({
    path: '',
    body: { transaction_id: await sale(stage), refund_amount_cents: 3300, refund_reason: 'customer_request' },
  })),
  checks('/api/tracking/test'),
  checks('/api/tracking/check-test-events'),
  {
    operation: 'POST /api/v1/cli/test-event',
    status: 200,
    async prepare({ site }) {
      // A program has ten runs an hour.
      await site.stage.ask('DELETE FROM test_events WHERE workspace_id = $1');
      return { path: '/api/v1/cli/test-event', body: { type: 'chain' } };
    },
  },
  {
    operation: 'GET /api/v1/programs/me/readiness',
    status: 200,
    async prepare(stage) {
      await sale(stage);
      return { path: '/api/v1/programs/me/readiness?force_recheck=true' };
    },
  },
  ofProgram('events', '?page=1&pageSize=10'),
  ofProgram('performance', '?period=30d'),
  ofProgram('status', ''),
  {
    operation: 'GET /js/affitor-tracker.js',
    status: 200,
    prepare: () => Promise.resolve({ path: '/js/affitor-tracker.js', key: 'none' }),
  },
];
