/** What somebody without a key can do is bounded, and gives way to who has one. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAccount } from '../../../src/simulator/account.ts';
import { affixo } from '../../../src/surfaces/affixo/index.ts';
import { hoko } from '../../../src/surfaces/hoko/index.ts';
import { native } from '../../../src/surfaces/index.ts';
import type { Answer, Asked } from '../../web/site.ts';
import { BROWSER } from '../hoko/shop.ts';
import { DAY, openScene, type Scene } from './scene.ts';

let scene: Scene;
/** Keys of the other dialects, of the same workspace. */
let affonsoKey: Asked;
let affixoKey: Asked;
let hokoKey: Asked;
let seed = 500;

beforeAll(async () => {
  scene = await openScene();
  const keyOf = async (family: typeof native.keys): Promise<Asked> => ({
    key: (await scene.site.keyFor(true, ['*'], 'default', family)).key,
  });
  affonsoKey = await keyOf(native.keys);
  affixoKey = await keyOf(affixo.keys);
  hokoKey = await keyOf(hoko.keys);
});

afterEach(async () => {
  await scene.stage.settings({ leadAuth: 'optional', keylessBuyers: 3, selfReferrals: 'detect' });
});

afterAll(() => scene.close());

const OK = { success: true, message: 'Lead tracked successfully' };
const stays = (status: string) => ({ error: `Customer status cannot be updated to lead. Current status: ${status}` });
const mail = (word = 'buyer'): string => `${scene.fresh(word)}@buyer.example`;
const browser = (body: Record<string, unknown>): Promise<Answer> => scene.lead(body, scene.keyless);
const payable = async (affiliate: string): Promise<bigint> => (await scene.stage.balance(affiliate)).payable;
const payables = async (): Promise<[bigint, bigint]> => [await payable('jane'), await payable('max')];
/** Sign-ups of a click in the journal, believed or provisional. */
const journalled = (clickId: string): Promise<number> =>
  scene.count('inbox', `event_key LIKE '%:' || $2 || ':%' AND type = 'affitor.lead'`, clickId);

/** What a purchase of 99.00 through Stripe, of whoever has this e-mail or key, earned jane and max. */
async function bought({ email, key }: { email?: string; key?: string }): Promise<[bigint, bigint]> {
  const before = await payables();
  const account = createAccount({
    family: 'basil',
    seed: (seed += 1),
    startAt: Math.floor(scene.stage.clock.now / 1000),
  });
  const metadata = key === undefined ? {} : { metadata: { affitor_customer_key: key } };
  account.checkoutPayment({
    customer: account.customer({ ...(email === undefined ? {} : { email }), ...metadata }),
    amount: 9900,
  });
  await scene.stage.hearAll(account.events);
  scene.stage.clock.now += 3_600_000;
  await scene.stage.drain();
  const after = await payables();
  return [after[0] - before[0], after[1] - before[1]];
}

const TO_JANE = [2970n, 0n];
const TO_MAX = [0n, 2970n];
const TO_NOBODY = [0n, 0n];

describe('sign-ups without a key through one click', () => {
  test('bind three e-mails and three customers; the fourth is refused as a lead already, and nothing is kept', async () => {
    const clickId = await scene.click();
    const emails = [mail(), mail(), mail(), mail()];
    const keys = emails.map(() => scene.fresh('user'));
    for (const [index, email] of emails.slice(0, 3).entries()) {
      const answer = await browser({ click_id: clickId, customer_key: keys[index], email });
      expect([answer.status, answer.body]).toEqual([200, OK]);
    }
    for (const more of [
      { email: emails[3] },
      { customer_key: keys[3] },
      { customer_key: keys[0], email: emails[3] },
      { customer_key: keys[3], email: emails[0] },
    ]) {
      const before = await scene.site.everything();
      const answer = await browser({ click_id: clickId, ...more });
      expect([answer.status, answer.body]).toEqual([400, stays('lead')]);
      expect(await scene.site.everything()).toBe(before);
    }
    scene.stage.clock.now += 2 * DAY;
    expect(await bought({ email: emails[2] as string })).toEqual(TO_JANE);
    expect(await bought({ email: emails[3] as string })).toEqual(TO_NOBODY);
    expect(await bought({ key: keys[3] as string })).toEqual(TO_NOBODY);
  });

  test('the same lead again is the same lead, however full the click is; a refused one stays refused', async () => {
    const clickId = await scene.click();
    const leads = Array.from({ length: 3 }, () => ({
      click_id: clickId,
      customer_key: scene.fresh('user'),
      email: mail(),
    }));
    const late = { click_id: clickId, customer_key: scene.fresh('user') };
    for (let round = 0; round < 3; round += 1) {
      for (const lead of leads) expect((await browser(lead)).body).toEqual(OK);
      expect((await browser(late)).body).toEqual(stays('lead'));
    }
    expect(await journalled(clickId)).toBe(3);
    // An e-mail is the same in any case, a click without names binds nobody, known names bind nobody more.
    expect((await browser({ click_id: clickId, email: leads[0]?.email.toUpperCase() })).body).toEqual(OK);
    expect((await browser({ click_id: clickId })).body).toEqual(OK);
    expect((await browser({ ...leads[0], email: leads[1]?.email })).body).toEqual(OK);
  });

  test('a hundred different buyers at once: three are bound', async () => {
    const clickId = await scene.click();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        browser({ click_id: clickId, customer_key: scene.fresh('user'), email: mail() }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200).map(({ body }) => body)).toEqual([OK, OK, OK]);
    const refused = answers.filter(({ status }) => status === 400);
    expect(refused).toHaveLength(97);
    for (const { body } of refused) expect([stays('lead'), stays('click')]).toContainEqual(body);
    expect(await journalled(clickId)).toBe(3);
    const credited = `state::text LIKE '%"' || $2 || '"%'`;
    // Of each an e-mail and a key, in both worlds' book only the live one.
    expect(await scene.count('customers', credited, clickId)).toBe(6);
  });

  test('ten buyers ten times each at once: three are bound, and each hears the same every time', async () => {
    const clickId = await scene.click();
    const keys = Array.from({ length: 10 }, () => scene.fresh('user'));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => browser({ click_id: clickId, customer_key: keys[index % 10] })),
    );
    const heard = keys.map((_, one) => new Set(answers.filter((__, index) => index % 10 === one).map((a) => a.status)));
    expect(heard.filter((statuses) => statuses.has(200) && statuses.size === 1)).toHaveLength(3);
    expect(heard.filter((statuses) => statuses.has(400) && statuses.size === 1)).toHaveLength(7);
    expect(await journalled(clickId)).toBe(3);
  });

  test('other clicks have their own, and a backend is not counted', async () => {
    const [first, second] = [await scene.click(), await scene.click('max')];
    for (const clickId of [first, second])
      for (let index = 0; index < 3; index += 1)
        expect((await browser({ click_id: clickId, customer_key: scene.fresh('user') })).body).toEqual(OK);
    const key = scene.fresh('user');
    expect((await browser({ click_id: first, customer_key: key })).status).toBe(400);
    for (let index = 0; index < 10; index += 1)
      expect((await scene.lead({ click_id: first, customer_key: scene.fresh('user') })).body).toEqual(OK);
    // Whom a backend brought is told by a browser as a name of this click all the same.
    expect((await browser({ click_id: first, customer_key: key })).status).toBe(400);
    expect((await scene.lead({ click_id: first, customer_key: key })).body).toEqual(OK);
    expect(await bought({ key })).toEqual(TO_JANE);
  });

  test('are counted where they lead: names added to a customer count for the click that brought them', async () => {
    const { key } = await scene.customer('jane');
    const own = await scene.click('max');
    const emails = [mail(), mail(), mail(), mail()];
    const answers = [];
    for (const email of emails) answers.push((await browser({ click_id: own, customer_key: key, email })).status);
    expect(answers).toEqual([200, 200, 200, 400]);
    expect(await bought({ email: emails[0] as string })).toEqual(TO_JANE);
    // The click that was named has got nobody, and has all of its own.
    expect(await scene.referral(own)).toMatchObject({ status: 'click' });
    expect((await browser({ click_id: own, email: emails[3] })).body).toEqual(OK);
  });

  test('where only backends are believed provisional ones are counted too, and the click stays a click', async () => {
    await scene.stage.settings({ leadAuth: 'server_required' });
    const clickId = await scene.click();
    const key = scene.fresh('user');
    expect((await browser({ click_id: clickId, customer_key: key })).body['provisional']).toBe(true);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => browser({ click_id: clickId, customer_key: scene.fresh('user') })),
    );
    expect(answers.filter(({ body }) => body['provisional'] === true)).toHaveLength(2);
    const refused = answers.filter(({ status }) => status === 400).map(({ body }) => body);
    expect(refused).toEqual(Array.from({ length: 98 }, () => stays('click')));
    expect(await journalled(clickId)).toBe(3);
    expect((await browser({ click_id: clickId, customer_key: key })).body['provisional']).toBe(true);
    // Another click of the visitor does not begin anew.
    await scene.click('max', { existing_click_id: clickId });
    expect((await browser({ click_id: clickId, customer_key: scene.fresh('user') })).body).toEqual(stays('click'));
  });

  test('as many as the setting keyless_buyers says; none at all binds nobody', async () => {
    const changed = (keyless_buyers: number): Promise<Answer> =>
      scene.site.send('PATCH', '/v1/program/settings', JSON.stringify({ keyless_buyers }), affonsoKey);
    expect((await changed(5)).body.data['keyless_buyers']).toBe(5);
    const clickId = await scene.click();
    const keys = Array.from({ length: 6 }, () => scene.fresh('user'));
    const statuses = [];
    for (const key of keys) statuses.push((await browser({ click_id: clickId, customer_key: key })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 400]);
    await changed(0);
    // Who was bound stays it.
    expect((await browser({ click_id: clickId, customer_key: keys[4] })).body).toEqual(OK);
    const other = await scene.click();
    expect((await browser({ click_id: other, email: mail() })).body).toEqual(stays('click'));
    expect(await scene.referral(other)).toMatchObject({ status: 'click', email: null });
    expect((await browser({ click_id: other })).body).toEqual(OK);
    expect([(await changed(-1)).status, (await changed(101)).status]).toEqual([400, 400]);
  });

  test('of a program that tracks no e-mails: none is counted, hashed or kept', async () => {
    const patch = (on: boolean): Promise<Answer> =>
      scene.site.send(
        'PATCH',
        '/v1/program/tracking',
        JSON.stringify({ email_tracking_enabled: on, name_tracking_enabled: on }),
        affonsoKey,
      );
    await patch(false);
    for (const leadAuth of ['optional', 'server_required'] as const) {
      await scene.stage.settings({ leadAuth });
      const clickId = await scene.click();
      const key = scene.fresh('user');
      for (let index = 0; index < 6; index += 1)
        expect((await browser({ click_id: clickId, customer_key: key, email: mail('secret') })).status).toBe(200);
      const [row] = await scene.stage.ask<{ keyless_names: string[] }>(
        'SELECT keyless_names FROM referrals WHERE workspace_id = $1 AND referral_id = $2',
        [clickId],
      );
      expect(row?.keyless_names).toEqual([expect.stringMatching(/^user:[0-9a-f]{32}$/)]);
    }
    await patch(true);
    expect(await scene.count('payloads', `body LIKE '%secret-%'`)).toBe(0);
  });
});

describe('what is said with a key wins over what was said without one', () => {
  /** What a lead says of the buyer; max is named with a key, jane without one. */
  const SAID: readonly (readonly [string, (who: { key: string; email: string }) => Record<string, string>])[] = [
    ['a customer key', ({ key }) => ({ customer_key: key })],
    ['an e-mail', ({ email }) => ({ email })],
    ['both names', ({ key, email }) => ({ customer_key: key, email })],
  ];
  const pairs = SAID.flatMap(([without, of]) => SAID.map(([withKey, by]) => [without, withKey, of, by] as const));

  test.each(pairs)('of %s without and %s with it, in both orders alike', async (_without, _with, of, by) => {
    const ends: unknown[] = [];
    for (const keylessFirst of [true, false]) {
      const who = { key: scene.fresh('both'), email: mail('both') };
      const [own, other] = [await scene.click('jane'), await scene.click('max')];
      const calls = [() => browser({ click_id: own, ...of(who) }), () => scene.lead({ click_id: other, ...by(who) })];
      for (const call of keylessFirst ? calls : calls.toReversed()) {
        expect((await call()).body).toEqual(OK);
        scene.stage.clock.now += 10 * DAY;
      }
      ends.push([await bought(who), await bought(who)]);
    }
    // Whatever the two leads name, the buyer of both names is max's.
    expect(ends).toEqual([
      [TO_MAX, TO_MAX],
      [TO_MAX, TO_MAX],
    ]);
  });

  test.each([true, false])('by the customer key of a sale, too (without a key first: %s)', async (keylessFirst) => {
    const key = scene.fresh('both');
    const [own, other] = [await scene.click('jane'), await scene.click('max')];
    const calls = [
      () => browser({ click_id: own, customer_key: key }),
      () => scene.lead({ click_id: other, customer_key: key }),
    ];
    for (const call of keylessFirst ? calls : calls.toReversed()) {
      expect((await call()).body).toEqual(OK);
      scene.stage.clock.now += 2 * DAY;
    }
    expect((await scene.sale({ transaction_id: `of ${key}`, customer_key: key })).status).toBe(200);
    expect(await scene.sold(`of ${key}`)).toMatchObject({ affiliate_id: 'max', earned: 2970n });
  });

  test('at once, a hundred calls of both kinds: the key wins', async () => {
    const who = { customer_key: scene.fresh('both'), email: mail('both') };
    const [own, other] = [await scene.click('jane'), await scene.click('max')];
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0 ? browser({ click_id: own, ...who }) : scene.lead({ click_id: other, ...who }),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set([`200 ${JSON.stringify(OK)}`]),
    );
    expect(await bought({ key: who.customer_key })).toEqual(TO_MAX);
    expect(await bought({ email: who.email })).toEqual(TO_MAX);
    expect(await scene.referral(other)).toMatchObject({ email: who.email, external_user_id: who.customer_key });
  });

  test('for payments from then on and a day before; what was paid earlier stays with whom it was credited to', async () => {
    const key = scene.fresh('both');
    await browser({ click_id: await scene.click('jane'), customer_key: key });
    scene.stage.clock.now += 2 * DAY;
    expect(await bought({ key })).toEqual(TO_JANE);
    scene.stage.clock.now += 10 * DAY;
    expect(await bought({ key })).toEqual(TO_JANE);
    const before = await payables();
    const other = await scene.click('max');
    expect((await scene.lead({ click_id: other, customer_key: key })).body).toEqual(OK);
    await scene.stage.drain();
    // The one of an hour ago counts as said with it.
    expect(await payables()).toEqual([before[0] - 2970n, before[1] + 2970n]);
    expect(await bought({ key })).toEqual(TO_MAX);
  });

  test('and nobody is held by a click that has sold something to others', async () => {
    const own = await scene.click('jane');
    const victim = scene.fresh('victim');
    await browser({ click_id: own, customer_key: victim });
    await scene.sale({ transaction_id: scene.fresh('own purchase'), click_id: own });
    const other = await scene.click('max');
    expect((await scene.lead({ click_id: other, customer_key: victim })).body).toEqual(OK);
    expect(await bought({ key: victim })).toEqual(TO_MAX);
  });

  test('a backend that names the customer alone bears nothing out, and says nothing against it', async () => {
    const key = scene.fresh('alone');
    const own = await scene.click('jane');
    await browser({ click_id: own, customer_key: key });
    expect((await scene.lead({ customer_key: key, email: mail() })).body).toEqual(OK);
    expect(await bought({ key })).toEqual(TO_JANE);
    expect((await scene.lead({ customer_key: key, click_id: await scene.click('max') })).body).toEqual(OK);
    scene.stage.clock.now += 2 * DAY;
    expect(await bought({ key })).toEqual(TO_MAX);
  });

  test('the row shows what was said with a key, and an e-mail goes to who says it with one', async () => {
    const [own, other] = [await scene.click('jane'), await scene.click('max')];
    const [email, right] = [mail(), mail()];
    await browser({ click_id: own, customer_key: 'told-wrong', email });
    expect(await scene.referral(own)).toMatchObject({ email, external_user_id: 'told-wrong' });
    await scene.lead({ click_id: own, customer_key: 'told-right', email: right });
    expect(await scene.referral(own)).toMatchObject({ email: right, external_user_id: 'told-right' });
    // A browser changes neither any more.
    await browser({ click_id: own, customer_key: 'told-later', email: mail() });
    expect(await scene.referral(own)).toMatchObject({ email: right, external_user_id: 'told-right' });
    await scene.lead({ click_id: other, email: right });
    expect(await scene.referral(other)).toMatchObject({ email: null });
    await scene.lead({ click_id: other, email });
    expect(await scene.referral(other)).toMatchObject({ email });
  });
});

describe('in the other dialects, whose calls all have keys', () => {
  /** jane's click claims this buyer without a key. */
  async function claimed(): Promise<{ own: string; key: string; email: string }> {
    const own = await scene.click('jane');
    const who = { key: scene.fresh('claimed'), email: mail('claimed') };
    expect((await browser({ click_id: own, customer_key: who.key, email: who.email })).body).toEqual(OK);
    return { own, ...who };
  }
  const affonso = (method: string, path: string, body: unknown): Promise<Answer> =>
    scene.site.send(method, path, JSON.stringify(body), affonsoKey);
  const clickOfMax = async (): Promise<string> =>
    String((await affonso('POST', '/v1/clicks', { trackingId: 'max' })).body.data['id']);

  test('Affonso’s sign-up takes the e-mail', async () => {
    const { own, email, key } = await claimed();
    const clickId = await clickOfMax();
    const answer = await affonso('POST', '/v1/signups', { click_id: clickId, email, external_user_id: key });
    expect([answer.status, answer.body.data['email']]).toEqual([201, email]);
    expect(await scene.referral(own)).toMatchObject({ email: null });
    expect([await bought({ email }), await bought({ key })]).toEqual([TO_MAX, TO_MAX]);
  });

  test('Affonso’s referrals do, made, made of a click and changed', async () => {
    for (const how of ['made', 'of a click', 'changed'] as const) {
      const { own, email } = await claimed();
      const click_id = how === 'of a click' ? await clickOfMax() : undefined;
      const first = { affiliate_id: 'max', email: how === 'changed' ? mail() : email, click_id };
      const made = await affonso('POST', '/v1/referrals', first);
      expect([how, made.status]).toEqual([how, 201]);
      const { id } = made.body.data;
      if (how === 'changed') {
        const answer = await affonso('PUT', `/v1/referrals/${String(id)}`, { email });
        expect([answer.status, answer.body.data['email']]).toEqual([200, email]);
      }
      expect(await scene.referral(own)).toMatchObject({ email: null });
      expect(await bought({ email })).toEqual(TO_MAX);
      // What was said with a key is kept.
      const again = await affonso('POST', '/v1/referrals', { affiliate_id: 'jane', email });
      expect(again.status).toBe(409);
    }
  });

  test('Affonso’s sale names a click and a user whom a browser claimed: it is no contradiction', async () => {
    const { key } = await claimed();
    const sale = { sale_amount: 99, sale_amount_currency: 'USD', external_event_id: scene.fresh('sale') };
    const answer = await affonso('POST', '/v1/conversions', {
      ...sale,
      click_id: await clickOfMax(),
      external_user_id: key,
    });
    expect([answer.status, answer.body.data['affiliate_id']]).toEqual([201, 'max']);
    scene.stage.clock.now += 2 * DAY;
    expect(await bought({ key })).toEqual(TO_MAX);
    // Where nothing else leads to somebody, the browser is believed.
    const { key: alone } = await claimed();
    const believed = await affonso('POST', '/v1/conversions', {
      ...sale,
      external_event_id: scene.fresh('sale'),
      external_user_id: alone,
    });
    expect([believed.status, believed.body.data['affiliate_id']]).toEqual([201, 'jane']);
  });

  test('a change of something else does not bear out what a browser said', async () => {
    const { own, email } = await claimed();
    const answer = await affonso('PUT', `/v1/referrals/${own}`, { customer_id: scene.fresh('billing') });
    expect([answer.status, answer.body.data['email']]).toEqual([200, email]);
    await scene.lead({ click_id: await scene.click('max'), email });
    expect(await bought({ email })).toEqual(TO_MAX);
    // Said with a key it is borne out, also when it stood there.
    const other = await claimed();
    await affonso('PUT', `/v1/referrals/${other.own}`, { email: other.email });
    await scene.lead({ click_id: await scene.click('max'), email: other.email });
    expect(await bought({ email: other.email })).toEqual(TO_JANE);
  });

  test('Hoko’s and Affixo’s leads take the e-mail', async () => {
    const first = await claimed();
    const { body } = await scene.site.post('/api/collections', [{ name: 'Links' }], hokoKey);
    const [{ id: collectionId }] = body as unknown as [{ id: string }];
    const links = await scene.site.post('/api/links', [{ url: 'https://shop.example/', collectionId }], hokoKey);
    const [{ shortUrl }] = links.body as unknown as [{ shortUrl: string }];
    await scene.stage.ask(`UPDATE links SET affiliate_id = 'max' WHERE workspace_id = $1 AND code = $2`, [
      shortUrl.split('/').at(-1),
    ]);
    const visit = await fetch(`${scene.site.url}${new URL(shortUrl).pathname}`, {
      redirect: 'manual',
      headers: { 'user-agent': BROWSER },
    });
    const clickId = new URL(visit.headers.get('location') ?? '').searchParams.get('hoko_id');
    const lead = { clickId, eventName: 'Sign up', customerExternalId: first.key, customerName: 'B' };
    expect((await scene.site.post('/api/track/lead', { ...lead, customerEmail: first.email }, hokoKey)).status).toBe(
      201,
    );
    expect(await scene.referral(clickId ?? '')).toMatchObject({ email: first.email, external_user_id: first.key });
    expect([await bought(first), await bought({ email: first.email })]).toEqual([TO_MAX, TO_MAX]);

    const second = await claimed();
    await scene.site.post('/v1/track/click', { ref: 'max', visitor_id: second.key }, affixoKey);
    const affixoLead = { visitor_id: second.key, email: second.email, external_id: scene.fresh('lead') };
    expect((await scene.site.post('/v1/track/lead', affixoLead, affixoKey)).status).toBe(200);
    expect(await scene.referral(second.own)).toMatchObject({ email: null });
    expect(await bought({ email: second.email })).toEqual(TO_MAX);
  });

  test('a link of nobody with a key is nobody’s, whoever claimed the buyer without one', async () => {
    const { key, own } = await claimed();
    await scene.sale({ transaction_id: scene.fresh('own purchase'), click_id: own });
    scene.stage.clock.now += 1000;
    const other = await scene.click('max');
    await scene.stage.ask('UPDATE referrals SET affiliate_id = NULL WHERE workspace_id = $1 AND referral_id = $2', [
      other,
    ]);
    await scene.lead({ click_id: other, customer_key: key });
    const answer = await scene.sale({ transaction_id: scene.fresh('of nobody'), customer_key: key });
    expect(answer.body).toEqual({ error: 'No affiliate attribution found for this customer in this program' });
  });
});

describe('a stranger who knows names', () => {
  test('cannot end whom a partner brought by saying that they are the partner', async () => {
    await scene.stage.settings({ selfReferrals: 'block' });
    const mailOf = async (affiliate: string): Promise<string> => {
      const sql = 'SELECT email FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2';
      return (await scene.stage.ask<{ email: string }>(sql, [affiliate]))[0]?.email ?? '';
    };
    const { clickId, key } = await scene.customer('jane');
    expect((await browser({ customer_key: key, email: await mailOf('jane') })).body).toEqual(OK);
    expect(await scene.referral(clickId)).toMatchObject({ status: 'lead', email: await mailOf('jane') });
    expect(await bought({ key })).toEqual(TO_JANE);
    // Who signs up so is no referral, as before.
    const own = await scene.click('max');
    await browser({ click_id: own, customer_key: scene.fresh('self'), email: await mailOf('max') });
    expect(await scene.referral(own)).toMatchObject({ status: 'rejected' });
  });

  test.each([
    [
      'Affonso',
      async () => String((await scene.site.post('/v1/clicks', { trackingId: 'jane' }, affonsoKey)).body.data['id']),
    ],
    [
      'Affonso’s pixel',
      async () => {
        const visit = { programId: 'prog_default', trackingId: 'jane' };
        return String((await scene.site.post('/v1/track', visit, scene.keyless)).body['cid']);
      },
    ],
    [
      'Affixo',
      async () => {
        await scene.site.post('/v1/track/click', { ref: 'jane' }, affixoKey);
        const [row] = await scene.stage.ask<{ referral_id: string }>(
          `SELECT referral_id FROM referrals WHERE workspace_id = $1 ORDER BY number DESC LIMIT 1`,
        );
        return row?.referral_id ?? '';
      },
    ],
  ])('a click takes over no visit of %s: whoever brings its id is new', async (_dialect, visit) => {
    const theirs = await visit();
    const before = await scene.referral(theirs);
    expect(before).toMatchObject({ affiliate_id: 'jane', status: 'click' });
    const clicks = await scene.count('referrals');
    const mine = await scene.click('max', { existing_click_id: theirs });
    expect(mine).toMatch(/^cust_\d+_\d+$/);
    expect(await scene.click('max', { customer_code: theirs })).not.toBe(mine);
    expect(await scene.referral(theirs)).toEqual(before);
    expect(await scene.count('referrals')).toBe(clicks + 2);
  });

  test('nor the row under which an overtaken click goes on', async () => {
    const id = await scene.click('jane');
    await scene.click('max', { existing_click_id: id });
    const [row] = await scene.stage.ask<{ referral_id: string }>(
      'SELECT referral_id FROM referrals WHERE workspace_id = $1 AND visitor_id = $2 AND referral_id <> $2',
      [id],
    );
    const before = await scene.referral(row?.referral_id ?? '');
    expect(before).toMatchObject({ affiliate_id: 'jane' });
    await scene.click('max', { existing_click_id: row?.referral_id });
    expect(await scene.referral(row?.referral_id ?? '')).toEqual(before);
  });
});
