/** One call of each of our own operations that succeeds. */
import { raiseAlert } from '../../../src/store/alerts.ts';
import type { Example, ExampleCall, ExampleStage } from './example.ts';

/** What a POST has made. */
async function made(stage: ExampleStage, path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await stage.call('POST', { path, body });
  if (answer.status !== 201) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
  return answer.body.data;
}

const idOf = async (stage: ExampleStage, path: string, body: unknown): Promise<string> =>
  String((await made(stage, path, body))['id']);

/** Everything of an incentive but what only one type has. */
const terms = ({ fresh, site, affiliate }: ExampleStage): Record<string, unknown> => ({
  name: fresh('incentive'),
  type: 'fixed',
  amount: 12.5,
  currency: 'USD',
  price_ids: [fresh('price')],
  product_ids: [fresh('prod')],
  interval: 'monthly',
  is_subscription: true,
  apply_to: 'all',
  max_payments: 12,
  max_months: 24,
  max_amount: 500,
  approval_type: 'automatic',
  manual_above: 100,
  hold_period_days: 30,
  program_id: site.stage.program,
  affiliate_id: affiliate,
  priority: 10,
  per: 'unit',
  may_exceed_base: true,
  refund_policy: 'when_full',
  parent_amount: 5,
  effective_from: '2026-01-01',
  effective_until: '2027-01-01T00:00:00Z',
});

const incentive = (stage: ExampleStage): Promise<string> => idOf(stage, '/v1/program/incentives', terms(stage));

async function account(stage: ExampleStage): Promise<string> {
  const id = stage.fresh('acct').replaceAll('-', '_');
  await made(stage, '/v1/stripe/accounts', { account_id: id, name: 'Europe' });
  return id;
}

const whsec = ({ fresh }: ExampleStage): string => fresh('whsec_of').replaceAll('-', '_');

const rk = ({ fresh }: ExampleStage): string => fresh('rk_live_of').replaceAll('-', '_');

const key = (stage: ExampleStage): Promise<string> =>
  idOf(stage, '/v1/keys', { name: stage.fresh('key'), scopes: ['read:*'], expires_at: '2030-01-01' });

async function alert(stage: ExampleStage): Promise<string> {
  const { stage: own } = stage.site;
  const subject = stage.fresh('subject');
  const about = { workspace: own.workspace, kind: 'api_key_refused', subject, message: 'Store a new key.' };
  await raiseAlert(own.work.database.pool, { ...about, at: own.clock.now });
  const [row] = await own.ask<{ id: string }>(
    'SELECT alert_id AS id FROM alerts WHERE workspace_id = $1 AND subject = $2',
    [subject],
  );
  return String(row?.id);
}

/** A sale of jane's that earned, by the id it was told under. */
async function sale(stage: ExampleStage): Promise<string> {
  const told = stage.fresh('order');
  // Told without a signature, whatever an example asked for before.
  await stage.call('DELETE', { path: SIGNING });
  const click = await made(stage, '/v1/clicks', { trackingId: stage.affiliate });
  const body = { click_id: click['id'], sale_amount: 100, external_event_id: told, price_ids: [stage.fresh('price')] };
  await made(stage, '/v1/conversions', body);
  return told;
}

/** The event of a sale, by its id in the inbox. */
async function event(stage: ExampleStage): Promise<string> {
  const told = await sale(stage);
  const { body } = await stage.call('GET', { path: '/v1/inbox?limit=200' });
  const rows = body.data as unknown as readonly { readonly id: string }[];
  return rows.find(({ id }) => id.endsWith(told))?.id ?? '';
}

type More = { readonly status?: number; readonly query?: string; readonly body?: (stage: ExampleStage) => unknown };

/** A call about one thing, which is made before it and named in its path. */
function about(operation: string, thing: (stage: ExampleStage) => Promise<string>, more: More = {}): Example {
  const { status = 200, query = '', body } = more;
  const [, pattern = ''] = operation.split(' ');
  return {
    operation,
    status,
    async prepare(stage): Promise<ExampleCall> {
      const path = pattern.replace(':id', encodeURIComponent(await thing(stage))) + query;
      return body ? { path, body: body(stage) } : { path };
    },
  };
}

/** A list, with something in it. */
function list(path: string, thing: (stage: ExampleStage) => Promise<unknown>, query = '?page=1&limit=5'): Example {
  return {
    operation: `GET ${path}`,
    status: 200,
    async prepare(stage) {
      await thing(stage);
      return { path: `${path}${query}` };
    },
  };
}

/** A call that makes something. */
function creating(path: string, body: (stage: ExampleStage) => unknown): Example {
  return {
    operation: `POST ${path}`,
    status: 201,
    prepare: (stage) => Promise.resolve({ path, body: body(stage) }),
  };
}

const jane = ({ affiliate }: ExampleStage): Promise<string> => Promise.resolve(affiliate);

/** Jane, who has earned something. */
async function earner(stage: ExampleStage): Promise<string> {
  await sale(stage);
  return stage.affiliate;
}

let days = 0;

/** A rate of a day that has none. */
const rate = ({ fresh }: ExampleStage): Record<string, unknown> => ({
  from: 'USD',
  to: 'EUR',
  day: new Date(Date.UTC(2000, 0, (days += 1))).toISOString().slice(0, 10),
  rate: '0.9123',
  source: fresh('bank'),
});

const SETTINGS = '/v1/program/settings';
const SIGNING = '/v1/request_signing';
const ACCOUNTS = '/v1/stripe/accounts';

const changes = {
  defer_minutes: 10,
  hold_period_days: null,
  trust_out_of_band: false,
  exclude_out_of_band: false,
  sell_uncollectible: false,
  credit_notes: 'cash',
  precedence: 'coupon',
  provisional_disputes: false,
  warning_days: 30,
  lock_rates: false,
  limits_per: 'customer',
  count_prorations: true,
  net_of_platform_fee: false,
  currency: null,
  tiers: [],
  loss_threshold: null,
  loss_days: 90,
  loss_minimum_sales: 10,
};

const incentives: readonly Example[] = [
  creating('/v1/program/incentives', terms),
  list('/v1/program/incentives', incentive),
  about('GET /v1/program/incentives/:id', incentive),
  about('PUT /v1/program/incentives/:id', incentive, { body: terms }),
  about('DELETE /v1/program/incentives/:id', incentive),
];

const settings: readonly Example[] = [
  { operation: `GET ${SETTINGS}`, status: 200, prepare: () => Promise.resolve({ path: SETTINGS }) },
  {
    operation: `PATCH ${SETTINGS}`,
    status: 200,
    prepare: () => Promise.resolve({ path: SETTINGS, body: changes }),
  },
  creating('/v1/exchange_rates', rate),
  list('/v1/exchange_rates', (stage) => made(stage, '/v1/exchange_rates', rate(stage)), '?from=USD&to=EUR&limit=5'),
];

const signing: readonly Example[] = [
  { operation: `GET ${SIGNING}`, status: 200, prepare: () => Promise.resolve({ path: SIGNING }) },
  creating(SIGNING, (stage) => ({ secret: whsec(stage) })),
  {
    operation: `DELETE ${SIGNING}`,
    status: 200,
    async prepare(stage) {
      await made(stage, SIGNING, {});
      return { path: SIGNING };
    },
  },
];

const books: readonly Example[] = [
  about('POST /v1/affiliates/:id/clear_hold', jane),
  about('GET /v1/affiliates/:id/balance', earner, { query: '?at=2030-01-01' }),
  about('GET /v1/affiliates/:id/ledger', earner, { query: '?page=1&limit=5' }),
  about('GET /v1/trace/:id', sale),
  list('/v1/inbox', sale, '?state=done&page=1&limit=5'),
  about('POST /v1/inbox/:id/replay', event),
  list('/v1/alerts', alert, '?state=open&limit=5'),
  about('POST /v1/alerts/:id/resolve', alert),
];

const secret = (stage: ExampleStage): Record<string, unknown> => ({
  secret: whsec(stage),
  label: 'roll',
  expires_at: '2030-01-01',
  others_expire_at: '2029-01-01T00:00:00Z',
});

const accounts: readonly Example[] = [
  list(ACCOUNTS, account),
  creating(ACCOUNTS, ({ fresh }) => ({ account_id: fresh('acct').replaceAll('-', '_'), name: 'Asia', primary: false })),
  about(`GET ${ACCOUNTS}/:id`, account),
  about(`PATCH ${ACCOUNTS}/:id`, account, { body: () => ({ name: 'Oceania' }) }),
  about(`DELETE ${ACCOUNTS}/:id`, account),
  about(`POST ${ACCOUNTS}/:id/secrets`, account, { status: 201, body: secret }),
  {
    operation: `DELETE ${ACCOUNTS}/:id/secrets/:secret_id`,
    status: 200,
    async prepare(stage) {
      const path = `${ACCOUNTS}/${await account(stage)}/secrets`;
      return { path: `${path}/${await idOf(stage, path, secret(stage))}` };
    },
  },
  about(`PUT ${ACCOUNTS}/:id/api_key`, account, { body: (stage) => ({ api_key: rk(stage) }) }),
  {
    operation: `DELETE ${ACCOUNTS}/:id/api_key`,
    status: 200,
    async prepare(stage) {
      const path = `${ACCOUNTS}/${await account(stage)}/api_key`;
      await stage.call('PUT', { path, body: { api_key: rk(stage) } });
      return { path: `${path}?mode=live` };
    },
  },
];

const keys: readonly Example[] = [
  list('/v1/keys', key),
  creating('/v1/keys', ({ fresh, affiliate }) => ({
    name: fresh('key'),
    family: 'affixo',
    mode: 'live',
    scopes: ['read'],
    allowed_hosts: ['*.shop.example'],
    affiliate_id: affiliate,
    expires_at: '2030-01-01T00:00:00Z',
  })),
  about('POST /v1/keys/:id/rotate', key, {
    status: 201,
    body: () => ({ overlap_seconds: 3600, expires_at: '2031-01-01' }),
  }),
  about('DELETE /v1/keys/:id', key),
];

export const examples: readonly Example[] = [...incentives, ...settings, ...signing, ...books, ...accounts, ...keys];
