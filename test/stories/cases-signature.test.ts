/** cases.md 6.1, rows 12 and 13: whose word counts at all. Over HTTP, with what a sender can get wrong. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stripe } from '../../src/providers/stripe/index.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createAccount, type SimulatedEvent } from '../../src/simulator/account.ts';
import { signed } from '../../src/simulator/deliver.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { translators } from '../support/stage.ts';
import { openSite, type Site } from '../web/site.ts';
import { FAMILIES, janeEarnsThirty, MONDAY, referred } from './theatre.ts';

const OLD_SECRET = 'whsec_before_the_roll';
const NEW_SECRET = 'whsec_after_the_roll';

describe.each(FAMILIES)('%s', (family) => {
  let on: TestDatabase;
  let site: Site;
  const events = eventsOf();
  const paid = events.find(({ type }) => type === 'invoice.paid') as SimulatedEvent;

  function eventsOf(): readonly SimulatedEvent[] {
    const account = createAccount({ family, seed: 7, startAt: MONDAY });
    account.subscribe({ customer: referred(account), price: account.price({ amount: 10_000 }) });
    return account.events;
  }

  beforeAll(async () => {
    on = await createDatabase();
    site = await openSite(on, { secretsOf: () => [OLD_SECRET, NEW_SECRET] });
    await janeEarnsThirty(site.stage);
  });

  afterAll(async () => {
    const proof = await verifyWorkspace(on.database, translators, 'default');
    await site.close();
    await on.drop();
    expect(proof.differences).toEqual([]);
  });

  const seconds = (): number => Math.floor(site.stage.clock.now / 1000);
  const good = (body: string, at = seconds()): string => signed(body, NEW_SECRET, at)['stripe-signature'] ?? '';
  const send = (body: string, signature: string | null) =>
    site.send('POST', '/webhooks/stripe', body, {
      key: null,
      headers: signature === null ? {} : { 'stripe-signature': signature },
    });

  test.each<[string, string, () => { body?: string; signature: string | null }]>([
    ['a missing header', 'signature_missing', () => ({ signature: null })],
    ['a header of nonsense', 'signature_malformed', () => ({ signature: 'v1=' })],
    [
      'a header without a v1 signature',
      'signature_no_v1',
      () => ({ signature: good(paid.body).replace('v1=', 'v0=') }),
    ],
    [
      'a signature with another secret',
      'signature_mismatch',
      () => ({
        signature: signed(paid.body, 'whsec_of_someone_else', seconds())['stripe-signature'] ?? '',
      }),
    ],
    [
      'an altered body',
      'signature_mismatch',
      () => ({ body: paid.body.replaceAll('10000', '99900'), signature: good(paid.body) }),
    ],
    [
      'a body that was formatted anew',
      'signature_mismatch',
      () => ({ body: JSON.stringify(JSON.parse(paid.body)), signature: good(paid.body) }),
    ],
    [
      'a timestamp that was moved',
      'signature_mismatch',
      () => ({ signature: good(paid.body, seconds() - 600).replace(/t=\d+/, `t=${seconds()}`) }),
    ],
    ['a timestamp 301 s old', 'timestamp_outside_tolerance', () => ({ signature: good(paid.body, seconds() - 301) })],
    ['a timestamp 301 s ahead', 'timestamp_outside_tolerance', () => ({ signature: good(paid.body, seconds() + 301) })],
  ])('case 12: %s is refused with 400 %s, and nothing is stored', async (_, code, made) => {
    const { body = paid.body, signature } = made();
    const before = await site.everything();
    const verdict = stripe.verify(
      Buffer.from(body),
      { 'stripe-signature': signature ?? undefined },
      [OLD_SECRET, NEW_SECRET],
      site.stage.clock.now,
    );
    expect(verdict).toMatchObject({ rejected: code });
    const answer = await send(body, signature);
    expect([answer.status, answer.body.error.code]).toEqual([400, code]);
    expect(await site.everything()).toBe(before);
  });

  test('case 12: a refused event delivered rightly later is taken', async () => {
    await send(paid.body, null);
    const answer = await send(paid.body, good(paid.body, seconds() - 299));
    expect([answer.status, answer.text]).toEqual([200, '{"received":true,"outcome":"posted"}']);
  });

  test('case 13: while the secret is rolled either one is accepted, and both at once', async () => {
    const ways: (string | readonly string[])[] = [
      OLD_SECRET,
      NEW_SECRET,
      [OLD_SECRET, NEW_SECRET],
      [NEW_SECRET, OLD_SECRET],
    ];
    for (const [index, event] of events.entries()) {
      const secret = ways[index % ways.length] ?? NEW_SECRET;
      const answer = await send(event.body, signed(event.body, secret, seconds())['stripe-signature'] ?? '');
      expect([event.type, answer.status]).toEqual([event.type, 200]);
    }
    await site.stage.drain();
    expect(await site.stage.tells()).toEqual([
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'jane usd: payable 30.00',
    ]);
  });

  test('case 13: a secret that is no longer configured is refused', async () => {
    const later = await openSite(on, { secretsOf: () => [NEW_SECRET] });
    const headers = (secret: string) => ({
      'stripe-signature': signed(paid.body, secret, seconds())['stripe-signature'] ?? '',
    });
    const told = (secret: string) =>
      later.send('POST', '/webhooks/stripe', paid.body, { key: null, headers: headers(secret) });
    expect((await told(OLD_SECRET)).status).toBe(400);
    expect((await told(NEW_SECRET)).status).toBe(200);
    await later.close();
  });
});
