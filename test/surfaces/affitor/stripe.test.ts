/** Affitor's names on Stripe objects, and one payment told by both (apis.md 4.4, 6.5). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccount } from '../../../src/simulator/account.ts';
import type { Family } from '../../../src/simulator/family.ts';
import { DAY, openScene, type Scene } from './scene.ts';

let scene: Scene;
let seed = 100;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene.close());

const FAMILIES = ['old', 'basil'] as const;
const accountOf = (family: Family) =>
  createAccount({ family, seed: (seed += 1), startAt: Math.floor(scene.stage.clock.now / 1000) });

async function hear(account: ReturnType<typeof accountOf>): Promise<void> {
  await scene.stage.hearAll(account.events);
  await scene.stage.drain();
}

/** What an affiliate has, live, in dollars. */
const payable = async (affiliate: string): Promise<bigint> => (await scene.stage.balance(affiliate)).payable;

describe.each(FAMILIES)('the carriers (%s)', (family) => {
  /** A subscription whose objects carry this, and its first renewal; answers with what jane and max earned. */
  async function earned(metadata: Record<string, string>, on: 'both' | 'subscription' | 'customer' = 'both') {
    const [jane, max] = [await payable('jane'), await payable('max')];
    const account = accountOf(family);
    const subscription = account.subscribe({
      customer: account.customer(on === 'customer' ? { metadata } : {}),
      price: account.price({ amount: 9900 }),
      ...(on === 'both' ? { sessionMetadata: metadata } : {}),
      ...(on === 'customer' ? {} : { subscriptionMetadata: metadata }),
    });
    account.renew(subscription);
    await hear(account);
    return [(await payable('jane')) - jane, (await payable('max')) - max];
  }

  test.each(['affitor_click_id', 'customer_code'])(
    '%s credits the click, the first payment and the renewal',
    async (name) => {
      for (const on of ['both', 'subscription', 'customer'] as const)
        expect(await earned({ [name]: await scene.click(), program_id: String(scene.number) }, on)).toEqual([
          5940n,
          0n,
        ]);
    },
  );

  test.each(['affitor_customer_key', 'customer_key', 'user_id'])(
    '%s credits whom the customer signed up through',
    async (name) => {
      for (const on of ['both', 'subscription', 'customer'] as const) {
        const { key } = await scene.customer();
        expect(await earned({ [name]: key }, on)).toEqual([5940n, 0n]);
      }
    },
  );

  test('the last click before the payment wins, under the id that the visitor kept', async () => {
    const clickId = await scene.click('jane');
    await scene.click('max', { existing_click_id: clickId });
    expect(await earned({ affitor_click_id: clickId })).toEqual([0n, 5940n]);
    // It has brought a sale: a later click takes nothing over.
    await scene.click('jane', { existing_click_id: clickId });
    expect(await earned({ affitor_click_id: clickId })).toEqual([0n, 5940n]);
  });

  test('nothing of ours is organic: a program or a code alone credits nobody', async () => {
    const metadata = {
      program_id: String(scene.number),
      partner_code: 'jane',
      affitor_customer_key: scene.fresh('organic'),
    };
    expect(await earned(metadata)).toEqual([0n, 0n]);
  });

  test('the e-mail of a lead credits a one-time payment', async () => {
    const before = await payable('jane');
    const email = `${scene.fresh('mail')}@buyer.example`;
    await scene.lead({ click_id: await scene.click(), customer_key: scene.fresh('user'), email });
    const account = accountOf(family);
    account.checkoutPayment({ customer: account.customer({ email }), amount: 9900 });
    await hear(account);
    scene.stage.clock.now += 3_600_000;
    await scene.stage.drain();
    expect((await payable('jane')) - before).toBe(2970n);
  });

  test.each(['optional', 'server_required'] as const)(
    'a browser cannot claim what was paid before it spoke, a backend can (%s)',
    async (leadAuth) => {
      const email = `${scene.fresh('organic')}@buyer.example`;
      const key = scene.fresh('organic');
      const account = accountOf(family);
      const customer = account.customer({ email, metadata: { affitor_customer_key: key } });
      account.checkoutPayment({ customer, amount: 9900 });
      await hear(account);
      scene.stage.clock.now += 30 * DAY;
      await scene.stage.drain();
      const [jane, max] = [await payable('jane'), await payable('max')];
      await scene.stage.settings({ leadAuth });
      // Not through another customer of theirs, either, whose e-mail they say it is.
      const own = { click_id: await scene.click('max'), customer_key: scene.fresh('own'), email: `own-${email}` };
      expect((await scene.lead(own)).status).toBe(200);
      const clickId = await scene.click('max');
      for (const said of [{ email }, { customer_key: key, email: `own-${email}` }])
        expect((await scene.lead({ click_id: clickId, ...said }, scene.keyless)).status).toBe(200);
      await scene.stage.drain();
      expect([await payable('jane'), await payable('max')]).toEqual([jane, max]);
      await scene.stage.settings({ leadAuth: 'optional' });
      // A backend that names a click bears that one out, whoever a browser named before; it stays with the first.
      await scene.lead({ click_id: await scene.click('jane'), customer_key: key });
      await scene.stage.drain();
      expect([await payable('jane'), await payable('max')]).toEqual([jane + 2970n, max]);
      await scene.lead({ click_id: clickId, customer_key: key });
      await scene.stage.drain();
      expect([await payable('jane'), await payable('max')]).toEqual([jane + 2970n, max]);
    },
  );

  test('a provisional lead is settled by the first payment', async () => {
    await scene.stage.settings({ leadAuth: 'server_required' });
    const key = scene.fresh('provisional');
    await scene.lead({ click_id: await scene.click('max'), customer_key: key }, scene.keyless);
    expect(await earned({ affitor_customer_key: key })).toEqual([0n, 5940n]);
    // Unless a backend says otherwise before.
    const other = scene.fresh('provisional');
    await scene.lead({ click_id: await scene.click('max'), customer_key: other }, scene.keyless);
    await scene.lead({ click_id: await scene.click('jane'), customer_key: other });
    expect(await earned({ affitor_customer_key: other })).toEqual([5940n, 0n]);
    await scene.stage.settings({ leadAuth: 'optional' });
  });
});

describe('one payment told by both', () => {
  const orders = FAMILIES.flatMap((family) => [['webhook', family] as const, ['call', family] as const]);

  test.each(orders)(
    'the %s first (%s): one sale that earns once, and a 409 for whoever repeats it',
    async (first, family) => {
      const { key } = await scene.customer();
      const account = accountOf(family);
      const { firstPayment } = account.subscribe({
        customer: account.customer({}),
        price: account.price({ amount: 9900 }),
        subscriptionMetadata: { affitor_customer_key: key },
      });
      const transaction_id = firstPayment.invoice?.id ?? '';
      const before = await payable('jane');
      const sales = await scene.count('conversions', `kind = 'sale' AND status <> 'void'`);
      const sell = () => scene.sale({ transaction_id, customer_key: key });
      if (first === 'webhook') await hear(account);
      expect((await sell()).status).toBe(first === 'webhook' ? 409 : 200);
      if (first === 'call') await hear(account);
      expect((await sell()).status).toBe(409);
      expect(await scene.count('conversions', `kind = 'sale' AND status <> 'void'`)).toBe(sales + 1);
      expect((await payable('jane')) - before).toBe(2970n);
      const back = await scene.track('refund', { transaction_id });
      expect(back.body).toMatchObject({ status: 'reversed', deductionAmount: 29.7 });
      expect(await payable('jane')).toBe(before);
    },
  );

  test.each(FAMILIES)('what Stripe refunded already is skipped (%s)', async (family) => {
    const { key } = await scene.customer();
    const account = accountOf(family);
    const { firstPayment } = account.subscribe({
      customer: account.customer({}),
      price: account.price({ amount: 9900 }),
    });
    const transaction_id = firstPayment.invoice?.id ?? '';
    const sold = await scene.sale({ transaction_id, customer_key: key });
    account.refund(firstPayment, { amount: 3300 });
    account.refund(firstPayment, { amount: 3300 });
    const before = await payable('jane');
    await hear(account);
    expect(before - (await payable('jane'))).toBe(1980n);
    expect((await scene.track('refund', { transaction_id })).body).toEqual({
      success: true,
      status: 'skipped',
      reason: 'already reversed',
      commission_id: sold.body['commission_id'],
    });
    expect(before - (await payable('jane'))).toBe(1980n);
  });

  test('an invoice that Stripe says is not paid is refused by its name', async () => {
    const account = accountOf('basil');
    const { key } = await scene.customer();
    const { invoice } = account.invoice({ customer: account.customer({}), lines: [{ amount: 9900 }], outcome: 'void' });
    const id = invoice?.id ?? '';
    await hear(account);
    const answer = await scene.sale({ transaction_id: id, customer_key: key });
    expect([answer.status, answer.body]).toEqual([
      400,
      { error: `transaction_id names "${id}", which Stripe says is not paid` },
    ]);
  });

  test('a payment that nobody was credited with is credited by the call that names it', async () => {
    const { key } = await scene.customer();
    const account = accountOf('basil');
    const { firstPayment } = account.subscribe({
      customer: account.customer({}),
      price: account.price({ amount: 9900 }),
    });
    await hear(account);
    const before = await payable('jane');
    expect((await scene.sale({ transaction_id: firstPayment.invoice?.id, customer_key: key })).status).toBe(409);
    expect((await payable('jane')) - before).toBe(2970n);
  });

  test('a customer whom Stripe’s objects alone named is known to calls by their key', async () => {
    const key = scene.fresh('by stripe');
    const metadata = { affitor_click_id: await scene.click('max'), affitor_customer_key: key };
    const account = accountOf('basil');
    account.subscribe({
      customer: account.customer({}),
      price: account.price({ amount: 9900 }),
      sessionMetadata: metadata,
      subscriptionMetadata: metadata,
    });
    await hear(account);
    const before = await payable('max');
    scene.stage.clock.now += 100 * DAY;
    for (const time of [1, 2])
      expect((await scene.sale({ transaction_id: `${key} ${time}`, customer_key: key })).status).toBe(200);
    expect((await payable('max')) - before).toBe(5940n);
  });

  test('renewals by webhook and by call, mixed, are each one sale', async () => {
    const { key } = await scene.customer();
    const account = accountOf('basil');
    const subscription = account.subscribe({
      customer: account.customer({}),
      price: account.price({ amount: 9900 }),
      subscriptionMetadata: { affitor_customer_key: key },
    });
    const second = account.renew(subscription);
    const before = await payable('jane');
    await hear(account);
    expect((await scene.sale({ transaction_id: second.invoice?.id, customer_key: key })).status).toBe(409);
    scene.stage.clock.now += 70 * DAY;
    expect((await scene.sale({ transaction_id: 'by hand', customer_key: key })).status).toBe(200);
    expect((await payable('jane')) - before).toBe(3n * 2970n);
  });
});

describe('one refund told by both', () => {
  const tellers = ['call', 'webhook'] as const;
  test.each(FAMILIES.flatMap((family) => tellers.map((first) => [first, family] as const)))(
    'the %s first (%s): it goes back once, and more of it as far as the webhook tells more',
    async (first, family) => {
      const { key } = await scene.customer();
      const account = accountOf(family);
      const { firstPayment } = account.subscribe({
        customer: account.customer({}),
        price: account.price({ amount: 10_000 }),
        subscriptionMetadata: { affitor_customer_key: key },
      });
      await hear(account);
      const before = await payable('jane');
      const heard = account.events.length;
      account.refund(firstPayment, { amount: 3000 });
      const once = account.events.slice(heard);
      account.refund(firstPayment, { amount: 2000 });
      const twice = account.events.slice(heard + once.length);
      const transaction_id = firstPayment.invoice?.id ?? '';
      expect((await scene.sale({ transaction_id, amount_cents: 10_000, customer_key: key })).status).toBe(409);
      const call = () => scene.track('refund', { transaction_id, refund_amount_cents: 3000 });
      const told = {
        call: async () => expect((await call()).body['status']).toBe(first === 'call' ? 'refunded' : 'skipped'),
        webhook: () => scene.stage.hearAll(once),
      };
      for (const teller of first === 'call' ? tellers : tellers.toReversed()) {
        await told[teller]();
        await scene.stage.drain();
        expect(await payable('jane')).toBe(before - 900n);
      }
      await scene.stage.hearAll(twice);
      await scene.stage.drain();
      expect(await payable('jane')).toBe(before - 1500n);
      expect((await call()).body['status']).toBe('skipped');
    },
  );
});

describe('the address for Stripe', () => {
  const deliver = async (path: string, secret?: string) => {
    const metadata = { affitor_click_id: await scene.click('max') };
    const account = accountOf('basil');
    account.customer({ metadata });
    const body = account.events.at(-1)?.body ?? '';
    const { status } = await scene.site.deliver(body, path, secret);
    return [status, await scene.count('inbox', 'event_key = $2', (JSON.parse(body) as { id: string }).id)];
  };

  test('may end in the number of a program: it is its workspace’s', async () => {
    expect(await deliver(`/webhooks/stripe/${scene.number}`)).toEqual([200, 1]);
    expect(await deliver(`/webhooks/stripe/${scene.number}`, 'whsec_wrong')).toEqual([400, 0]);
    expect(await deliver('/webhooks/stripe/99999')).toEqual([404, 0]);
  });

  test('unless a workspace is called so', async () => {
    await scene.stageOf(String(scene.number));
    expect(await deliver(`/webhooks/stripe/${scene.number}`)).toEqual([200, 0]);
  });
});

describe('what goes wrong inside', () => {
  test('is the documented 500 of each call, and nothing is kept', async () => {
    const { key, clickId } = await scene.customer();
    const before = await scene.site.everything();
    const { pool } = scene.db.database;
    await pool.query('ALTER TABLE referrals RENAME TO referrals_away');
    await pool.query('ALTER TABLE conversions RENAME TO conversions_away');
    const answers = [
      await scene.track('click', { affiliate_url: 'https://x.example/?aff=jane' }, scene.keyless),
      await scene.lead({ click_id: clickId, customer_key: key }),
      await scene.sale({ transaction_id: 'broken', customer_key: key }),
      await scene.track('refund', { transaction_id: 'broken' }),
      await scene.site.get('/api/v1/programs/me/readiness'),
    ];
    await pool.query('ALTER TABLE referrals_away RENAME TO referrals');
    await pool.query('ALTER TABLE conversions_away RENAME TO conversions');
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [500, { error: 'Click tracking failed' }],
      [500, { error: 'Lead tracking failed' }],
      [500, { error: 'Sale tracking failed' }],
      [500, { error: 'Refund tracking failed' }],
      [500, { error: { status: 500, code: 'internal_error', message: 'Internal Server Error' } }],
    ]);
    expect(await scene.site.everything()).toBe(before);
  });
});

describe('odd input', () => {
  const odd: [string, unknown][] = [
    ['256 characters', 'x'.repeat(256)],
    ['an object', { $ne: null }],
    ['a list', ['v1']],
    ['true', true],
  ];
  const fields: [string, string, Record<string, unknown>][] = [
    ['click', 'existing_click_id', { affiliate_url: 'https://x.example/?aff=jane' }],
    ['lead', 'click_id', {}],
    ['lead', 'customer_key', {}],
    ['sale', 'customer_key', { transaction_id: 'odd', amount_cents: 1 }],
    ['sale', 'click_id', { transaction_id: 'odd', amount_cents: 1 }],
  ];
  test.each(fields)('of %s as %s is refused by its name, and nothing is kept', async (what, field, rest) => {
    const before = await scene.site.everything();
    for (const [name, value] of odd) {
      const { status, body } = await scene.track(what, { ...rest, [field]: value });
      const error = name === '256 characters' ? 'must be at most 255 characters' : 'must be a string';
      expect({ name, status, body }).toEqual({ name, status: 400, body: { error: `${field} ${error}` } });
    }
    for (const value of ['a\u0000b', '\ud800'])
      expect((await scene.track(what, { ...rest, [field]: value })).status).toBe(400);
    expect(await scene.site.everything()).toBe(before);
  });

  test('with odd letters is an id like any other', async () => {
    for (const transaction_id of ['re_1', 'in_', 'sale:1', 'Ünï→code', "'; DROP TABLE x; --"]) {
      const { key } = await scene.customer();
      expect((await scene.sale({ transaction_id, customer_key: key })).status).toBe(200);
      expect((await scene.track('refund', { transaction_id })).body['status']).toBe('reversed');
    }
    const clickId = await scene.click();
    const key = `Ünï "quoted" \\ ${scene.fresh('→')}`;
    expect((await scene.lead({ click_id: clickId, customer_key: key })).status).toBe(200);
    expect((await scene.sale({ transaction_id: key, customer_key: key })).status).toBe(200);
  });
});
