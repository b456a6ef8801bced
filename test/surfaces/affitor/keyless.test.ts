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
const NO_PARTNER = { error: 'No partner-program relationship found for this customer' };
const UNKNOWN = { error: 'Customer not found. Provide a valid click_id or customer_key.' };
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

/** Each is refused as a lead of nobody who is known, and changes nothing. */
async function refusesAll(leads: readonly Record<string, unknown>[]): Promise<void> {
  const before = await scene.site.everything();
  for (const lead of leads) {
    const answer = await browser(lead);
    expect([answer.status, answer.body]).toEqual([400, UNKNOWN]);
  }
  expect(await scene.site.everything()).toBe(before);
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

  test('through a customer key alone add nothing and use up nothing, whatever click they name', async () => {
    const { clickId, key } = await scene.customer('jane');
    const own = await scene.click('max');
    const emails = [mail(), mail(), mail(), mail()];
    for (const leadAuth of ['optional', 'server_required'] as const) {
      await scene.stage.settings({ leadAuth });
      const before = await scene.site.everything();
      for (const email of emails)
        for (const names of [{ customer_key: key }, { customer_key: key, click_id: own }]) {
          const answer = await browser({ ...names, email });
          expect([answer.status, answer.body['provisional']]).toEqual([
            200,
            leadAuth === 'optional' ? undefined : true,
          ]);
        }
      expect(await scene.site.everything()).toBe(before);
    }
    await scene.stage.settings({ leadAuth: 'optional' });
    expect(await bought({ email: emails[0] as string })).toEqual(TO_NOBODY);
    // Both clicks have all of their own, and the buyer's own browser adds its e-mail.
    expect((await browser({ click_id: clickId, customer_key: key, email: emails[3] })).body).toEqual(OK);
    expect(await bought({ email: emails[3] as string })).toEqual(TO_JANE);
    for (let index = 0; index < 3; index += 1)
      expect((await browser({ click_id: own, email: mail() })).body).toEqual(OK);
  });

  test('of a customer whom only another browser claimed count for the click that they name, also when the other is full', async () => {
    for (const leadAuth of ['optional', 'server_required'] as const) {
      await scene.stage.settings({ leadAuth });
      const [squatted, own] = [await scene.click('max'), await scene.click('jane')];
      const [key, email] = [scene.fresh('user'), mail()];
      for (const customer_key of [key, scene.fresh('user'), scene.fresh('user')])
        expect((await browser({ click_id: squatted, customer_key, email: mail('junk') })).status).toBe(200);
      expect((await browser({ click_id: squatted, email })).status).toBe(400);
      expect((await browser({ click_id: own, customer_key: key, email })).status).toBe(200);
      expect(await journalled(own)).toBe(1);
      expect(await bought({ email })).toEqual(TO_JANE);
      const sale = scene.fresh('tx');
      await scene.sale({ customer_key: key, click_id: own, transaction_id: sale });
      expect(await scene.sold(sale)).toMatchObject({ affiliate_id: 'jane' });
    }
  });

  test.each([
    ['paused', `UPDATE affiliates SET status = 'paused'`],
    ['pending', `UPDATE affiliates SET status = 'pending'`],
    ['deleted', 'UPDATE affiliates SET deleted_at = now()'],
  ])('of an affiliate who is %s are refused, and nothing is kept', async (word, change) => {
    const affiliate = `${word}-partner`;
    await scene.stage.affiliate(affiliate);
    const [clickId, { clickId: led, key }] = [await scene.click(affiliate), await scene.customer(affiliate)];
    const claimed = scene.fresh('user');
    await browser({ click_id: led, customer_key: claimed });
    await scene.stage.ask(`${change} WHERE workspace_id = $1 AND affiliate_id = $2`, [affiliate]);
    await refusesAll([
      { click_id: clickId },
      { click_id: clickId, customer_key: scene.fresh('user'), email: mail() },
      { click_id: led, email: mail() },
      { customer_key: key },
      { customer_key: claimed },
    ]);
    expect((await scene.lead({ click_id: clickId, customer_key: scene.fresh('user') })).body).toEqual(OK);
  });

  test('of a click that has run out are refused; of a link of nobody they are taken', async () => {
    const [clickId, { clickId: led, key }] = [await scene.click(), await scene.customer()];
    scene.stage.clock.now += 60 * DAY - 3_600_000;
    expect((await browser({ click_id: clickId })).body).toEqual(OK);
    scene.stage.clock.now += 3_600_001;
    await refusesAll([
      { click_id: clickId },
      { click_id: clickId, customer_key: scene.fresh('user'), email: mail() },
      { click_id: led, customer_key: key },
      { customer_key: key },
    ]);
    expect((await scene.lead({ click_id: clickId, customer_key: scene.fresh('user') })).body).toEqual(OK);
    const nobodys = await scene.click();
    await scene.stage.ask('UPDATE referrals SET affiliate_id = NULL WHERE workspace_id = $1 AND referral_id = $2', [
      nobodys,
    ]);
    expect((await browser({ click_id: nobodys, customer_key: scene.fresh('user') })).body).toEqual(OK);
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

describe('a customer key that somebody claimed without a key', () => {
  /** What becomes of whoever claims it, and of the click. */
  const ENDS: readonly (readonly [string, string, unknown])[] = [
    ['is approved', '', null],
    ['is paused', `UPDATE affiliates SET status = 'paused' WHERE workspace_id = $1 AND affiliate_id = $2`, NO_PARTNER],
    ['is banned', `UPDATE affiliates SET status = 'banned' WHERE workspace_id = $1 AND affiliate_id = $2`, NO_PARTNER],
    [
      'is deleted',
      'UPDATE affiliates SET deleted_at = now() WHERE workspace_id = $1 AND affiliate_id = $2',
      NO_PARTNER,
    ],
    [
      'has a click that ran out',
      `UPDATE referrals SET clicked_at = clicked_at - interval '100 days' WHERE workspace_id = $1 AND affiliate_id = $2`,
      { reason: 'attribution_window_expired', click_age_days: 100 },
    ],
    [
      'was rejected',
      `UPDATE referrals SET status = 'rejected' WHERE workspace_id = $1 AND affiliate_id = $2`,
      { error: 'No affiliate attribution found for this customer in this program' },
    ],
  ];
  const cases = ENDS.flatMap(([word, end, alone]) =>
    (['optional', 'server_required'] as const).map((leadAuth) => [word, leadAuth, end, alone] as const),
  );

  async function squatted(leadAuth: 'optional' | 'server_required', end: string): Promise<string> {
    const squatter = scene.fresh('squatter');
    await scene.stage.affiliate(squatter);
    await scene.stage.settings({ leadAuth });
    const key = scene.fresh('user');
    const answer = await browser({ click_id: await scene.click(squatter), customer_key: key });
    expect([answer.status, answer.body['success']]).toEqual([200, true]);
    if (end !== '') await scene.stage.ask(end, [squatter]);
    scene.stage.clock.now += 1000;
    return key;
  }

  test.each(cases)('takes no sale from the click that a backend names, when the claimer %s (%s)', async (...given) => {
    const [, leadAuth, end] = given;
    const key = await squatted(leadAuth, end);
    const own = await scene.click('jane');
    const first = await scene.sale({ customer_key: key, click_id: own, transaction_id: `named ${key}` });
    expect([first.status, first.body['message']]).toEqual([200, 'Sale tracked successfully']);
    expect(await scene.sold(`named ${key}`)).toMatchObject({ affiliate_id: 'jane', earned: 2970n });
    // From then on the key was told with a key.
    expect((await scene.sale({ customer_key: key, transaction_id: `later ${key}` })).status).toBe(200);
    expect(await scene.sold(`later ${key}`)).toMatchObject({ affiliate_id: 'jane' });
  });

  test.each(cases.filter(([, , , alone]) => alone !== null))(
    'takes no sale from whom the buyer’s own browser named, when the claimer %s (%s)',
    async (...given) => {
      const [, leadAuth, end, alone] = given;
      const key = await squatted(leadAuth, end);
      const before = await scene.site.everything();
      expect((await scene.sale({ customer_key: key, transaction_id: `alone ${key}` })).body).toMatchObject(
        alone as object,
      );
      expect(await scene.site.everything()).toBe(before);
      const told = await browser({ click_id: await scene.click('jane'), customer_key: key });
      expect(told.status).toBe(200);
      expect((await scene.sale({ customer_key: key, transaction_id: `alone ${key}` })).status).toBe(200);
      expect(await scene.sold(`alone ${key}`)).toMatchObject({ affiliate_id: 'jane', earned: 2970n });
      // Nothing is borne out by it: a backend that names a click has the buyer.
      expect((await scene.lead({ click_id: await scene.click('max'), customer_key: key })).status).toBe(200);
      scene.stage.clock.now += 2 * DAY;
      expect((await scene.sale({ customer_key: key, transaction_id: `told ${key}` })).status).toBe(200);
      expect(await scene.sold(`told ${key}`)).toMatchObject({ affiliate_id: 'max' });
    },
  );

  test('claims nothing that was paid before, also when a sale passes over who claimed it first', async () => {
    const key = scene.fresh('user');
    expect(await bought({ key })).toEqual(TO_NOBODY);
    scene.stage.clock.now += 3 * DAY;
    const affiliate = scene.fresh('squatter');
    await scene.stage.affiliate(affiliate);
    await browser({ click_id: await scene.click(affiliate), customer_key: key });
    await scene.stage.ask(`UPDATE affiliates SET status = 'paused' WHERE workspace_id = $1 AND affiliate_id = $2`, [
      affiliate,
    ]);
    scene.stage.clock.now += 1000;
    await browser({ click_id: await scene.click('max'), customer_key: key });
    const before = await payable('max');
    expect((await scene.sale({ customer_key: key, transaction_id: `of ${key}` })).status).toBe(200);
    await scene.stage.drain();
    expect((await payable('max')) - before).toBe(2970n);
  });

  test.each([true, false])('gives way to what was paid under it (claimed first: %s)', async (claimedFirst) => {
    const key = scene.fresh('paid');
    const claim = async (): Promise<unknown> => browser({ click_id: await scene.click('max'), customer_key: key });
    if (claimedFirst) await claim();
    const account = createAccount({
      family: 'basil',
      seed: (seed += 1),
      startAt: Math.floor(scene.stage.clock.now / 1000),
    });
    const metadata = { affitor_click_id: await scene.click('jane'), affitor_customer_key: key };
    account.subscribe({
      customer: account.customer({}),
      price: account.price({ amount: 9900 }),
      sessionMetadata: metadata,
      subscriptionMetadata: metadata,
    });
    await scene.stage.hearAll(account.events);
    if (!claimedFirst) await claim();
    for (const [index, more] of [{}, { click_id: await scene.click('max') }].entries()) {
      expect((await scene.sale({ customer_key: key, transaction_id: `${key} ${index}`, ...more })).status).toBe(200);
      expect(await scene.sold(`${key} ${index}`)).toMatchObject({ affiliate_id: 'jane' });
    }
  });

  test('a click of nobody that a backend names is nobody’s', async () => {
    const key = await squatted('optional', '');
    const nobodys = await scene.click('jane');
    await scene.stage.ask('UPDATE referrals SET affiliate_id = NULL WHERE workspace_id = $1 AND referral_id = $2', [
      nobodys,
    ]);
    const answer = await scene.sale({ customer_key: key, click_id: nobodys, transaction_id: scene.fresh('tx') });
    expect(answer.body).toEqual({ error: 'No affiliate attribution found for this customer in this program' });
    // A click that nobody made names nobody.
    const sale = { customer_key: key, click_id: 'cust_1_1', transaction_id: scene.fresh('tx') };
    expect((await scene.sale(sale)).status).toBe(200);
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
    const said = { click_id: clickId, customer_key: key, email: await mailOf('jane') };
    expect((await browser(said)).body).toEqual(OK);
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
