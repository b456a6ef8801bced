/** Stripe objects that name Affixo's visitor, by every name its integrations give it (apis.md 1.4). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { createAccount, type SimulatedAccount } from '../../../src/simulator/account.ts';
import { affixo } from '../../../src/surfaces/affixo/index.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms, translators } from '../../support/stage.ts';
import { openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let account: SimulatedAccount;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db, { family: affixo.keys });
  for (const name of ['jane', 'max']) await site.stage.affiliate(name);
  await site.stage.incentive('inc_all', terms('30'));
});

let seed = 0;
beforeEach(() => {
  seed += 1;
  site.stage.clock.now += 86_400_000;
  account = createAccount({ family: seed % 2 === 0 ? 'old' : 'basil', seed, startAt: site.stage.clock.now / 1000 });
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await site.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

const track = (what: string, body: unknown): Promise<Answer> => site.post(`/affixo/v1/track/${what}`, body);

/** A click a day before everything the account does from now on. */
async function click(ref: string, visitor?: string): Promise<string> {
  const { body } = await track('click', { ref, visitor_id: visitor });
  site.stage.clock.now += 86_400_000;
  account.at(site.stage.clock.now / 1000);
  return String(body['visitor_id']);
}

const hear = (act: () => void): Promise<void> => site.stage.hearAll(account.during(act));

async function customerWith(metadata: Record<string, string>): Promise<ReturnType<SimulatedAccount['customer']>> {
  const made: ReturnType<SimulatedAccount['customer']>[] = [];
  await hear(() => void made.push(account.customer({ metadata })));
  const [customer] = made;
  if (!customer) throw new Error('there is no customer');
  return customer;
}

type Subscription = ReturnType<SimulatedAccount['subscribe']>;

async function subscribe(customer: Subscription['customer']): Promise<Subscription> {
  const made: Subscription[] = [];
  await hear(() => void made.push(account.subscribe({ customer, price: account.price({ amount: 9_900 }) })));
  const [subscription] = made;
  if (!subscription) throw new Error('nothing was bought');
  return subscription;
}

/** What a subscription of 99.00 by a customer with this metadata earned whom. */
async function subscribed(metadata: Record<string, string>): Promise<string[]> {
  const customer = await customerWith(metadata);
  await subscribe(customer);
  return creditedTo(customer.id);
}

async function creditedTo(customer: string): Promise<string[]> {
  const rows = await site.stage.ask<{ affiliate_id: string; earned: bigint }>(
    `SELECT m.affiliate_id, m.earned FROM commissions m JOIN conversions c USING (workspace_id, conversion_id)
     JOIN payments p USING (workspace_id, payment_id) WHERE workspace_id = $1 AND p.customer_key = $2 ORDER BY c.occurred_at`,
    [`stripe:${customer}`],
  );
  return rows.map(({ affiliate_id, earned }) => `${affiliate_id} ${earned}`);
}

describe('a subscription of a visitor', () => {
  test.each(['sa_visitor_id', '_sa_vid', 'visitor_id', 'ref'])('named by the %s of their customer', async (name) => {
    const visitor = await click('jane', `own-${name}`);
    expect(await subscribed({ [name]: visitor })).toEqual(['jane 2970']);
  });

  test('who has the id that the click was answered with', async () => {
    const visitor = await click('jane');
    expect(await subscribed({ sa_visitor_id: visitor })).toEqual(['jane 2970']);
  });

  test.each(['own', 'answered'])('is of the last click, as told by a call (%s id)', async (whose) => {
    const visitor = await click('jane', whose === 'own' ? 'own-twice' : undefined);
    await click('max', visitor);
    expect(await subscribed({ sa_visitor_id: visitor })).toEqual(['max 2970']);
    const sold = await track('sale', { visitor_id: visitor, amount: 10, external_id: `order_${whose}` });
    expect(sold.body).toMatchObject({ attributed: true });
    expect(await site.stage.sales()).toContainEqual(
      expect.objectContaining({ external_event_id: `order_${whose}`, affiliate_id: 'max' }),
    );
  });

  test('is of the first click that a lead came of', async () => {
    const visitor = await click('jane', 'own-lead');
    await track('lead', { visitor_id: visitor, email: 'lead@buyer.example' });
    await click('max', visitor);
    expect(await subscribed({ sa_visitor_id: visitor })).toEqual(['jane 2970']);
  });

  test('stays whose it was when they click again, with its renewals and refunds', async () => {
    const visitor = await click('jane', 'own-renewed');
    const customer = await customerWith({ sa_visitor_id: visitor });
    const sub = await subscribe(customer);
    await click('max', visitor);
    account.advance({ days: 30 });
    await hear(() => account.renew(sub));
    await hear(() => account.refund(sub.firstPayment, {}));
    expect(await creditedTo(customer.id)).toEqual(['jane 2970', 'jane 2970']);
  });

  test('that was bought before anybody was clicked is nobody’s', async () => {
    const customer = await customerWith({ sa_visitor_id: 'own-later' });
    const { firstPayment } = await subscribe(customer);
    site.stage.clock.now += 86_400_000;
    await click('jane', 'own-later');
    await hear(() => account.refund(firstPayment, { amount: 100 }));
    expect(await creditedTo(customer.id)).toEqual([]);
  });

  test('whose click ran out is nobody’s', async () => {
    const visitor = await click('jane', 'own-old');
    site.stage.clock.now += 366 * 86_400_000;
    account.at(site.stage.clock.now / 1000);
    expect(await subscribed({ sa_visitor_id: visitor })).toEqual([]);
  });

  test('that paid in a checkout is found by its client_reference_id', async () => {
    const visitor = await click('max', 'own-checkout');
    const customer = await customerWith({});
    await hear(() => account.checkoutPayment({ customer, amount: 5_000, clientReferenceId: visitor }));
    expect(await creditedTo(customer.id)).toEqual(['max 1500']);
  });
});
