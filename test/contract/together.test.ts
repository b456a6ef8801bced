/**
 * What clients of the four rely on (apis.md 5.2, a test by the name of each row), and that all of them write into the one
 * ledger that Stripe's webhooks write into.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { translators, type CommissionRow } from '../support/stage.ts';
import { furnish, openSite, type Answer, type Site } from '../web/site.ts';
import { speakersOf, type Sold, type Speaker } from './speakers.ts';

let db: TestDatabase;
let site: Site;
let speakers: Map<string, Speaker>;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db, { workspace: 'default' });
  await furnish(site.stage);
  await site.stage.ask(`UPDATE affiliates SET tracking_id = 'jane' WHERE workspace_id = $1 AND affiliate_id = 'jane'`);
  speakers = new Map((await speakersOf(site)).map((one) => [one.name, one]));
});

afterAll(async () => {
  // Whatever was said in whatever dialect, the ledger follows from the journal.
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await site.close();
  await db.drop();
  expect(proof.equal).toBe(true);
});

const ALL = ['affonso', 'affixo', 'hoko', 'affitor'] as const;
type Name = (typeof ALL)[number];

function speaker(name: Name): Speaker {
  const found = speakers.get(name);
  if (!found) throw new Error(`nobody speaks ${name}`);
  return found;
}

let names = 0;
/** A word that no other test says. */
function fresh(word: string): string {
  names += 1;
  return `${word}-${names}`;
}

const usd = (more: Partial<Sold> = {}): Sold => ({
  buyer: fresh('buyer'),
  order: fresh('order'),
  amount: 9900n,
  currency: 'usd',
  ...more,
});

/** What is new in the ledger after `run`. */
async function earnedBy(run: () => Promise<unknown>): Promise<CommissionRow[]> {
  const before = new Set((await site.stage.commissions()).map((row) => row.commission_id));
  await run();
  return (await site.stage.commissions()).filter((row) => !before.has(row.commission_id));
}

const sales = async (): Promise<number> => (await site.stage.sales()).length;

async function met(name: Name, more: Partial<Sold> = {}): Promise<Sold> {
  const sold = usd(more);
  await speaker(name).meet(sold.buyer);
  return sold;
}

/** A subscription bought at Stripe by somebody who carries `metadata`. */
function bought(seed: number, amount: number, currency: string, metadata: Record<string, string>) {
  const startAt = Math.floor(site.stage.clock.now / 1000);
  const account = createAccount({ family: 'basil', seed, startAt });
  const price = account.price({ amount, currency });
  const customer = account.customer({ metadata });
  const { firstPayment } = account.subscribe({ customer, price });
  return {
    events: account.events,
    invoice: firstPayment.invoice?.id ?? '',
    payment: firstPayment,
    account,
  };
}

describe('5.2 replay', () => {
  test('Affixo replay: 200 and the identical conversion_id', async () => {
    const sold = await met('affixo');
    const [one, two] = [await speaker('affixo').sell(sold), await speaker('affixo').sell(sold)];
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(two.text).toBe(one.text);
    expect(one.body['conversion_id']).toEqual(expect.any(String));
  });

  test('Affonso replay: 201 then 200, the same data.id', async () => {
    const sold = await met('affonso');
    const [one, two] = [await speaker('affonso').sell(sold), await speaker('affonso').sell(sold)];
    expect([one.status, two.status]).toEqual([201, 200]);
    expect(two.body.data['id']).toBe(one.body.data['id']);
  });

  test('Affitor replay: 200 then 409', async () => {
    const sold = await met('affitor');
    const [one, two] = [await speaker('affitor').sell(sold), await speaker('affitor').sell(sold)];
    expect([one.status, two.status]).toEqual([200, 409]);
    expect(two.body).toEqual({ error: 'Duplicate transaction_id. This sale has already been recorded.' });
  });

  test('Hoko replay: two 201s, two sales', async () => {
    const sold = await met('hoko');
    const before = await sales();
    const [one, two] = [await speaker('hoko').sell(sold), await speaker('hoko').sell(sold)];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(await sales()).toBe(before + 2);
  });
});

describe('5.2 concurrent replays: one row, and every caller gets the replay answer', () => {
  const CALLS = 100;

  const statuses = (answers: readonly Answer[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };

  const expected: readonly (readonly [Name, Record<string, number>])[] = [
    ['affonso', { 201: 1, 200: CALLS - 1 }],
    ['affixo', { 200: CALLS }],
    ['affitor', { 200: 1, 409: CALLS - 1 }],
  ];
  test.each(expected)('%s', async (name, counts) => {
    const sold = await met(name);
    const before = await sales();
    let answers: Answer[] = [];
    const earned = await earnedBy(async () => {
      answers = await Promise.all(Array.from({ length: CALLS }, () => speaker(name).sell(sold)));
    });
    expect(statuses(answers)).toEqual(counts);
    expect(await sales()).toBe(before + 1);
    expect(earned.map((row) => row.earned)).toEqual([2970n]);
    const good = answers
      .filter(({ status }) => status < 300)
      .map(({ body }) => body['conversion_id'] ?? body.data?.['id']);
    expect(new Set(good).size).toBe(1);
  });

  test('hoko: it documents no idempotency, so as many sales as calls; with an Idempotency-Key one', async () => {
    const sold = await met('hoko');
    const before = await sales();
    const all = await Promise.all(Array.from({ length: CALLS }, () => speaker('hoko').sell(sold)));
    expect(statuses(all)).toEqual({ 201: CALLS });
    expect(await sales()).toBe(before + CALLS);
    const { key, body } = speaker('hoko');
    const headers = { 'idempotency-key': fresh('once') };
    const again = await Promise.all(
      Array.from({ length: CALLS }, () => site.send('POST', '/hoko/api/track/sale', body(sold), { key, headers })),
    );
    expect(statuses(again)).toEqual({ 201: CALLS });
    expect(new Set(again.map(({ text }) => text)).size).toBe(1);
    expect(await sales()).toBe(before + CALLS + 1);
  });
});

test('5.2 unattributed: Affixo 200/false; Affonso 404, 400 without ids; Hoko 400; Affitor 400', async () => {
  const before = await site.everything();
  const affixo = await speaker('affixo').sell(usd());
  expect([affixo.status, affixo.body['attributed']]).toEqual([200, false]);
  expect((await speaker('affonso').sell(usd())).status).toBe(404);
  const bare = await speaker('affonso').raw('{"sale_amount":99,"external_event_id":"x"}');
  expect([bare.status, bare.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  const hoko = await speaker('hoko').sell(usd());
  expect([hoko.status, hoko.body.error]).toEqual([400, { en: 'Invalid request', ar: 'طلب غير صالح' }]);
  const affitor = await speaker('affitor').sell(usd());
  expect([affitor.status, affitor.body.error]).toEqual([400, 'Customer not found. Provide customer_key or click_id.']);
  expect(await site.everything()).toBe(before);
});

describe('5.2 amount units: the same money earns the same in every dialect and at Stripe', () => {
  test.each([
    ['usd', 9900n, 2970n, 901],
    ['jpy', 9900n, 2970n, 902],
    ['kwd', 9900n, 2970n, 903],
  ])('%s', async (currency, amount, commission, seed) => {
    const seen: [string, bigint[], string[]][] = [];
    for (const name of ALL) {
      const sold = await met(name, { amount, currency });
      const earned = await earnedBy(async () =>
        expect((await speaker(name).sell(sold)).status).toBe(speaker(name).created),
      );
      seen.push([name, earned.map((row) => row.earned), earned.map((row) => row.currency)]);
    }
    const { events } = bought(seed, Number(amount), currency, { affonso_referral: 'ref_1' });
    const earned = await earnedBy(() => site.stage.hearAll(events));
    seen.push(['stripe', earned.map((row) => row.earned), earned.map((row) => row.currency)]);
    expect(seen).toEqual([...ALL, 'stripe'].map((name) => [name, [commission], [currency]]));
  });
});

describe('5.2 zero-decimal and three-decimal currencies', () => {
  test.each([
    ['jpy', 500n, 150n],
    ['kwd', 1234n, 370n],
    ['vnd', 100_000n, 30_000n],
  ])('%s', async (currency, amount, commission) => {
    for (const name of ALL) {
      const sold = await met(name, { amount, currency });
      const earned = await earnedBy(() => speaker(name).sell(sold));
      expect([name, ...earned.map((row) => row.earned)]).toEqual([name, commission]);
    }
  });
});

test('5.2 float safety: more digits than the currency has are refused, in every dialect, and nothing is stored', async () => {
  const buyers = new Map<Name, Sold>();
  for (const name of ALL) buyers.set(name, await met(name));
  const before = await site.everything();
  for (const amount of ['0.30000000000000004', '19.999', '0.7999999999999999'])
    for (const name of ALL) {
      const sold = buyers.get(name) ?? usd();
      const body = speaker(name)
        .body(sold)
        .replace(/"(sale_amount|amount|amount_cents)":[\d.]+/, `"$1":${amount}`);
      expect(body).toContain(amount);
      expect([name, amount, (await speaker(name).raw(body)).status]).toEqual([name, amount, 400]);
    }
  for (const amount of ['500.5', '0.5']) {
    const body = speaker('affonso')
      .body({ ...(buyers.get('affonso') ?? usd()), currency: 'jpy' })
      .replace(/"sale_amount":[\d.]+/, `"sale_amount":${amount}`);
    expect((await speaker('affonso').raw(body)).status).toBe(400);
  }
  expect(await site.everything()).toBe(before);
  // Cents that no double holds exactly are what they say.
  for (const name of ALL) {
    const sold = { ...(buyers.get(name) ?? usd()), amount: 1999n };
    expect([name, ...(await earnedBy(() => speaker(name).sell(sold))).map((row) => row.earned)]).toEqual([name, 600n]);
  }
});

test('5.2 currency case: any case in, the dialect’s case out', async () => {
  for (const currency of ['usd', 'USD', 'Usd'])
    for (const name of ALL) {
      const sold = await met(name);
      const body = speaker(name)
        .body(sold)
        .replace(/"(sale_amount_currency|currency)":"usd"/, `"$1":"${currency}"`);
      const answer = await speaker(name).raw(body);
      expect([name, currency, answer.status]).toEqual([name, currency, speaker(name).created]);
      if (name === 'affonso') expect(answer.body.data['sale_amount_currency']).toBe('USD');
      if (name === 'hoko') expect(answer.body['sale']).toMatchObject({ currency: 'usd' });
    }
});

test('5.2 renewals: the buyer alone names the affiliate', async () => {
  for (const name of ALL) {
    const sold = await met(name);
    await speaker(name).sell(sold);
    await site.stage.pass(31);
    const earned = await earnedBy(() => speaker(name).sell({ ...sold, order: fresh('renewal') }));
    expect([name, ...earned.map((row) => [row.affiliate_id, row.earned])]).toEqual([name, ['jane', 2970n]]);
  }
});

describe('5.2 refund', () => {
  const left = async (rows: readonly CommissionRow[]): Promise<bigint[]> => {
    const ids = new Set(rows.map((row) => row.commission_id));
    const now = (await site.stage.commissions()).filter((row) => ids.has(row.commission_id));
    return now.map((row) => row.earned - row.reversed);
  };

  test('Affixo: full, by external_id', async () => {
    const sold = await met('affixo');
    const earned = await earnedBy(() => speaker('affixo').sell(sold));
    const { key } = speaker('affixo');
    const answer = await site.post('/affixo/v1/track/refund', { external_id: sold.order }, { key });
    expect([answer.status, await left(earned)]).toEqual([200, [0n]]);
  });

  test('Affonso: by conversion id, in part and whole', async () => {
    const sold = await met('affonso');
    let id = '';
    const earned = await earnedBy(async () => {
      id = String((await speaker('affonso').sell(sold)).body.data['id']);
    });
    const { key } = speaker('affonso');
    const half = await site.post(`/affonso/v1/conversions/${id}/refund`, { amount: 49.5 }, { key });
    expect([half.status, half.body.data['commission_amount'], await left(earned)]).toEqual([200, 14.85, [1485n]]);
    await site.post(`/affonso/v1/conversions/${id}/refund`, {}, { key });
    expect(await left(earned)).toEqual([0n]);
  });

  test('Affitor: by transaction_id', async () => {
    const sold = await met('affitor');
    const earned = await earnedBy(() => speaker('affitor').sell(sold));
    const { key } = speaker('affitor');
    const answer = await site.post('/affitor/api/v1/track/refund', { transaction_id: sold.order }, { key });
    expect([answer.status, answer.body['status'], await left(earned)]).toEqual([200, 'reversed', [0n]]);
  });

  test('Hoko: only via the Stripe webhook', async () => {
    const buyer = fresh('buyer');
    await speaker('hoko').meet(buyer);
    const { events, account, payment } = bought(910, 9900, 'usd', { hokoCustomerExternalId: buyer });
    const earned = await earnedBy(() => site.stage.hearAll(events));
    expect(earned.map((row) => [row.affiliate_id, row.earned])).toEqual([['jane', 2970n]]);
    const told = account.events.length;
    account.refund(payment);
    await site.stage.hearAll(account.events.slice(told));
    expect(await left(earned)).toEqual([0n]);
    const { status } = await site.post('/hoko/api/track/refund', {}, { key: speaker('hoko').key });
    expect(status).toBe(404);
  });
});

test('5.2 test: is_test, test_mode and sk_dev_ never reach balances', async () => {
  const sold = Object.fromEntries(await Promise.all(ALL.map(async (name) => [name, await met(name)] as const)));
  const body = (name: Name): Record<string, unknown> => JSON.parse(speaker(name).body(sold[name] ?? usd())) as never;
  const balances = () =>
    site.stage.ask('SELECT * FROM balances WHERE workspace_id = $1 AND livemode ORDER BY affiliate_id');
  const transfers = () => site.stage.ask('SELECT count(*) FROM transfers WHERE workspace_id = $1 AND livemode');
  const before = [await balances(), await transfers()];
  const affixo = await speaker('affixo').raw(JSON.stringify({ ...body('affixo'), is_test: true }));
  expect(affixo.status).toBe(200);
  const affitor = await speaker('affitor').raw(
    JSON.stringify({ ...body('affitor'), additional_data: { test_mode: true } }),
  );
  expect([affitor.status, affitor.body['message']]).toEqual([200, 'Test sale event tracked successfully']);
  const affonso = await speaker('affonso').raw(speaker('affonso').body(sold['affonso'] ?? usd()), site.test);
  expect(affonso.status).toBe(201);
  expect([await balances(), await transfers()]).toEqual(before);
});

test('5.2 browser calls: preflight for Affitor click and lead and Affonso /v1/track, without credentials', async () => {
  const ask = (path: string): Promise<Answer> =>
    site.send('OPTIONS', path, undefined, {
      key: null,
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    });
  for (const path of [
    '/affitor/api/v1/track/click',
    '/affitor/api/v1/track/lead',
    '/api/tracking/click',
    '/v1/track',
  ]) {
    const { status, headers } = await ask(path);
    expect([path, status, headers.get('access-control-allow-origin')]).toEqual([path, 204, '*']);
    expect(headers.get('access-control-allow-headers')).toContain('content-type');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  }
  for (const path of [
    '/api/v1/track/sale',
    '/api/v1/track/refund',
    '/v1/track/sale',
    '/v1/conversions',
    '/api/track/sale',
  ])
    expect([path, (await ask(path)).headers.get('access-control-allow-origin')]).toEqual([path, null]);
});

test('5.2 auth before body: 401 even if the body is broken JSON', async () => {
  for (const name of ALL)
    for (const key of [null, 'sk_live_unknownunknownunknown', 'aff_unknownunknownunknown'])
      expect([name, (await speaker(name).raw('{"broken', key)).status]).toEqual([name, 401]);
});

describe('an API sale that names a Stripe id is the payment of the webhook, in either order', () => {
  const cases = (['affonso', 'affixo', 'affitor'] as const).flatMap((name, index) =>
    (['webhook', 'call'] as const).map((first, order) => [name, first, 920 + index * 2 + order] as const),
  );
  test.each(cases)('%s, the %s first', async (name, first, seed) => {
    const { buyer } = await met(name);
    const { events, invoice } = bought(seed, 9900, 'usd', {});
    const before = await sales();
    const call = () => speaker(name).sell(usd({ buyer, order: invoice }));
    const earned = await earnedBy(async () => {
      if (first === 'webhook') await site.stage.hearAll(events);
      const told = await call();
      // What the listener knows already is answered as a replay (apis.md 6.5).
      const known = name === 'affitor' ? 409 : 200;
      expect(told.status).toBe(first === 'webhook' ? known : speaker(name).created);
      if (first === 'call') await site.stage.hearAll(events);
      await site.stage.drain();
      expect((await call()).status).toBe(known);
    });
    expect(await sales()).toBe(before + 1);
    expect(earned.map((row) => [row.affiliate_id, row.earned])).toEqual([['jane', 2970n]]);
  });
});

test.each(['affixo', 'affitor'] as const)(
  '%s refunds by the Stripe id of a sale that only the webhook told',
  async (name) => {
    const { buyer } = await met('affonso');
    const { events, invoice } = bought(name === 'affixo' ? 930 : 931, 9900, 'usd', {});
    await site.stage.hearAll(events);
    const told = await speaker('affonso').sell(usd({ buyer, order: invoice }));
    expect(told.body.data['commission_amount']).toBe(29.7);
    const { key } = speaker(name);
    const [path, body] =
      name === 'affixo'
        ? ['/affixo/v1/track/refund', { external_id: invoice }]
        : ['/affitor/api/v1/track/refund', { transaction_id: invoice }];
    expect((await site.post(path, body, { key })).status).toBe(200);
    expect((await site.get(`/v1/commissions/${String(told.body.data['id'])}`)).body.data['status']).toBe('refunded');
    const unknown = { external_id: 'in_nobody', transaction_id: 'in_nobody' };
    expect((await site.post(path, unknown, { key })).status).toBe(404);
  },
);
