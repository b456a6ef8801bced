/** A visit against apis.md 4.2 (click) and 4.3: sentences, ids, the last click, homes of programs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openScene, DAY, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene.close());

const URL_OF_JANE = 'https://shop.example/pricing?aff=jane';
const click = (body: unknown, path = '/api/v1/track/click') => scene.site.post(path, body, scene.keyless);

describe('the documented click', () => {
  test('needs no key and is answered with the documented object', async () => {
    const { status, body } = await click({
      affiliate_url: URL_OF_JANE,
      page_url: URL_OF_JANE,
      page_title: 'Pricing',
      referrer_url: 'https://search.example',
      session_id: 'sess_1',
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      click_id: expect.stringMatching(new RegExp(`^cust_${scene.number}_\\d+$`)),
      partner_code: 'jane',
      cookie_window_days: 60,
    });
    expect(await scene.referral(String(body['click_id']))).toMatchObject({
      affiliate_id: 'jane',
      status: 'click',
      click: { page_title: 'Pricing', session_id: 'sess_1', user_agent: 'node' },
    });
  });

  test('5.6 S4: the older path is an alias', async () => {
    const { status, body } = await click({ affiliate_url: URL_OF_JANE }, '/api/tracking/click');
    expect([status, body['success'], body['partner_code']]).toEqual([200, true, 'jane']);
  });

  test('the address may have a host that is no ASCII, however often addresses were read', async () => {
    // From some thousand calls on Node before 24 says that nobody can read it.
    for (let asked = 0; asked < 50_000; asked += 1) URL.canParse('https://münchen.example/');
    const { status, body } = await click({ affiliate_url: 'https://münchen.example/?aff=jane' });
    expect([status, body['success'], body['partner_code']]).toEqual([200, true, 'jane']);
  });

  test.each([
    ['no address', {}, 'affiliate_url is required'],
    ['a null address', { affiliate_url: null }, 'affiliate_url is required'],
    ['a blank address', { affiliate_url: ' ' }, 'affiliate_url is required'],
    ['an address that is none', { affiliate_url: 'pricing?aff=jane' }, 'Invalid affiliate_url'],
    ['an address that is no text', { affiliate_url: 7 }, 'Invalid affiliate_url'],
    ['no code', { affiliate_url: 'https://shop.example/?ref=jane' }, 'No aff parameter found in affiliate_url'],
    ['an empty code', { affiliate_url: 'https://shop.example/?aff=' }, 'No aff parameter found in affiliate_url'],
    ['a code nobody has', { affiliate_url: 'https://shop.example/?aff=nobody' }, 'Referral link not found'],
    ['a code with NUL', { affiliate_url: 'https://shop.example/?aff=ja%00ne' }, 'Referral link not found'],
    ['a list', [], 'body must be a JSON object'],
    ['null', null, 'body must be a JSON object'],
    [
      'a program nobody has',
      { affiliate_url: URL_OF_JANE, program_id: 99_999 },
      'Program not found. Provide a valid program_id.',
    ],
  ])('%s is refused', async (_name, body, error) => {
    const before = await scene.site.everything();
    const answer = await click(body);
    expect([answer.status, answer.body]).toEqual([400, { error }]);
    expect(await scene.site.everything()).toBe(before);
  });

  test('broken JSON is refused', async () => {
    const answer = await scene.site.send('POST', '/api/v1/track/click', '{"affiliate_url":', scene.keyless);
    expect([answer.status, answer.body]).toEqual([400, { error: 'Invalid JSON body' }]);
  });

  test('an inactive link is told with 200: of a partner who is not approved, and one that was archived', async () => {
    await scene.stage.ask(
      `INSERT INTO links (workspace_id, link_id, affiliate_id, program_id, code, archived_at)
       SELECT workspace_id, 'link_old', 'jane', program_id, 'bygone', now() FROM programs WHERE workspace_id = $1`,
    );
    const before = await scene.site.everything();
    for (const code of ['pia', 'bygone']) {
      const answer = await click({ affiliate_url: `https://shop.example/?aff=${code}` });
      expect([answer.status, answer.body]).toEqual([200, { success: false, message: 'Referral link is inactive' }]);
    }
    expect(await scene.site.everything()).toBe(before);
  });

  test('nulls and unknown fields are ignored, and so is what only describes it and is of the wrong kind', async () => {
    const { status, body } = await click({
      affiliate_url: URL_OF_JANE,
      existing_click_id: null,
      page_title: 'x'.repeat(1000),
      language: 7,
      timezone: null,
      additional_data: 'nothing',
      program_id: null,
      anything: { else: [1] },
    });
    expect(status).toBe(200);
    const kept = await scene.referral(String(body['click_id']));
    expect(kept?.click).toEqual({
      affiliate_url: URL_OF_JANE,
      page_title: 'x'.repeat(255),
      user_agent: 'node',
    });
  });

  test('what is cut is not cut through a character', async () => {
    const { status, body } = await click({ affiliate_url: URL_OF_JANE, page_title: `${'x'.repeat(254)}😀` });
    expect(status).toBe(200);
    expect((await scene.referral(String(body['click_id'])))?.click['page_title']).toBe('x'.repeat(254));
  });

  test('a title that the page itself cut through a character is no reason to lose the visit', async () => {
    const odd = { page_title: 'Sale \ud83d', language: 'a\0b', anything: ['\ud83d', '\0'] };
    const { status, body } = await click({ affiliate_url: URL_OF_JANE, ...odd });
    expect(status).toBe(200);
    expect((await scene.referral(String(body['click_id'])))?.click).toMatchObject({
      page_title: 'Sale \ufffd',
      language: 'a\ufffdb',
    });
  });

  test('an address of any length counts, and its beginning is kept', async () => {
    const { status, body } = await click({ affiliate_url: `${URL_OF_JANE}&more=${'x'.repeat(10_000)}` });
    expect(status).toBe(200);
    const kept = (await scene.referral(String(body['click_id'])))?.click['affiliate_url'];
    expect(kept).toHaveLength(2000);
  });

  test('the code of a link is the code of its partner', async () => {
    await scene.stage.ask(
      `INSERT INTO links (workspace_id, link_id, affiliate_id, program_id, code)
       SELECT workspace_id, 'link_1', 'max', program_id, 'Spring' FROM programs WHERE workspace_id = $1`,
    );
    const id = await scene.click('Spring');
    expect((await scene.referral(id))?.affiliate_id).toBe('max');
  });

  test('a hundred in the same millisecond have a hundred ids', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => click({ affiliate_url: URL_OF_JANE })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body['click_id'])).size).toBe(100);
  });

  test('no id leads to another: whoever could count to it could take the visitor over', async () => {
    const ids = [await scene.click(), await scene.click(), await scene.click()];
    const at = scene.stage.clock.now;
    const digits = ids.map((id) => new RegExp(`^cust_${scene.number}_${at}(\\d{9})$`).exec(id)?.[1]);
    expect(new Set(digits).size).toBe(3);
    expect(digits).not.toContain(undefined);
    const steps = digits.map((one) => Number(one) - Number(digits[0])).map(Math.abs);
    expect(Math.max(...steps)).toBeGreaterThan(1000);
  });
});

describe('a visitor who comes back', () => {
  const clicksOf = (affiliate: string) =>
    scene.count('referrals', 'affiliate_id = $2 AND clicked_at IS NOT NULL', affiliate);

  test('keeps the id, and the last click wins; each click is counted for whose link it was', async () => {
    const id = await scene.click('jane', { page_title: 'first' });
    const [jane, max] = [await clicksOf('jane'), await clicksOf('max')];
    scene.stage.clock.now += 1000;
    expect(await scene.click('max', { existing_click_id: id, page_title: 'second' })).toBe(id);
    expect(await scene.referral(id)).toMatchObject({ affiliate_id: 'max', click: { page_title: 'second' } });
    expect([await clicksOf('jane'), await clicksOf('max')]).toEqual([jane, max + 1]);
    expect(await scene.count('referrals', `visitor_id = $2`, id)).toBe(2);
    await scene.sale({ transaction_id: 'last-click', click_id: id });
    expect(await scene.sold('last-click')).toMatchObject({ affiliate_id: 'max', earned: 2970n });
  });

  test('through the same partner is one more click, and the window goes on from the first', async () => {
    const id = await scene.click('jane');
    const jane = await clicksOf('jane');
    scene.stage.clock.now += 59 * DAY;
    await scene.click('jane', { existing_click_id: id });
    expect(await clicksOf('jane')).toBe(jane + 1);
    scene.stage.clock.now += 2 * DAY;
    const answer = await scene.sale({ transaction_id: 'same-partner', click_id: id });
    expect(answer.body).toMatchObject({ attributed: false, click_age_days: 61, window_days: 60 });
  });

  test('after the window, also through the same partner, begins a new one', async () => {
    const id = await scene.click('jane');
    scene.stage.clock.now += 61 * DAY;
    expect(await scene.click('jane', { existing_click_id: id })).toBe(id);
    const answer = await scene.sale({ transaction_id: 'renewed', click_id: id });
    expect(answer.body['message']).toBe('Sale tracked successfully');
    expect(await scene.sold('renewed')).toMatchObject({ affiliate_id: 'jane' });
  });

  test('stays with whom they signed up through', async () => {
    const { clickId } = await scene.customer('jane');
    const max = await clicksOf('max');
    expect(await scene.click('max', { existing_click_id: clickId })).toBe(clickId);
    expect(await clicksOf('max')).toBe(max + 1);
    await scene.sale({ transaction_id: 'signed-up', click_id: clickId });
    expect(await scene.sold('signed-up')).toMatchObject({ affiliate_id: 'jane' });
  });

  test('stays with whom they bought through', async () => {
    const id = await scene.click('jane');
    await scene.sale({ transaction_id: 'bought 1', click_id: id });
    await scene.click('max', { existing_click_id: id });
    await scene.sale({ transaction_id: 'bought 2', click_id: id });
    expect(await scene.sold('bought 2')).toMatchObject({ affiliate_id: 'jane' });
  });

  test('with an id that nobody gave is new', async () => {
    const id = await scene.click('jane', { existing_click_id: `cust_${scene.number}_1` });
    expect(id).not.toBe(`cust_${scene.number}_1`);
    expect(await scene.click('jane', { existing_click_id: 'cust_99999_5' })).toMatch(/^cust_\d+_\d+$/);
  });

  test('the older name of the id is taken, and answered with', async () => {
    const id = await scene.click('jane');
    const answer = await click({ affiliate_url: 'https://shop.example/?aff=max', customer_code: id });
    expect(answer.body).toMatchObject({ click_id: id, customer_code: id });
  });

  test('twenty times at once, through two partners, is twenty clicks of one visitor', async () => {
    const id = await scene.click('jane');
    const codes = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? 'jane' : 'max'));
    expect(new Set(await Promise.all(codes.map((code) => scene.click(code, { existing_click_id: id }))))).toEqual(
      new Set([id]),
    );
    expect(await scene.count('referrals', 'visitor_id = $2 AND clicked_at IS NOT NULL', id)).toBe(21);
    const numbers = await scene.stage.ask<{ number: bigint }>(
      'SELECT DISTINCT number FROM referrals WHERE workspace_id = $1 AND visitor_id = $2',
      [id],
    );
    expect(numbers).toHaveLength(21);
  });
});

describe('a page of a shop', () => {
  const asks = (path: string) =>
    scene.site.send('OPTIONS', path, undefined, {
      key: null,
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    });

  test.each(['click', 'lead'])('5.2 CORS: may tell a %s, without credentials', async (what) => {
    for (const path of [`/api/v1/track/${what}`, `/api/tracking/${what}`, `/affitor/api/v1/track/${what}`]) {
      const { status, text, headers } = await asks(path);
      expect([status, text]).toEqual([204, '']);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-methods')).toBe('POST');
      expect(headers.get('access-control-allow-headers')).toContain('content-type');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  test.each(['sale', 'refund'])('5.2 CORS: may tell no %s', async (what) => {
    for (const path of [`/api/v1/track/${what}`, `/api/tracking/${what}`]) {
      const { status, body, headers } = await asks(path);
      expect([status, body]).toEqual([405, { error: 'Method Not Allowed' }]);
      expect(headers.get('access-control-allow-origin')).toBeNull();
      const answer = await scene.site.post(path, {}, { headers: { origin: 'https://shop.example' } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('the home of a click', () => {
  test('is the workspace of the program that is named, by number or id, else the default one', async () => {
    const other = await scene.stageOf('elsewhere');
    await other.affiliate('ann');
    const url = 'https://shop.example/?aff=ann';
    expect((await click({ affiliate_url: url })).body.error).toBe('Referral link not found');
    const number = await scene.numberOf('elsewhere');
    for (const program of [number, String(number), 'prog_elsewhere'])
      for (const named of [{ program_id: program }, { additional_data: { program_id: program } }]) {
        const { body } = await click({ affiliate_url: url, ...named });
        expect(body['click_id']).toMatch(new RegExp(`^cust_${number}_\\d+$`));
      }
    const first = await click({ affiliate_url: url, program_id: number });
    const again = await click({ affiliate_url: url, existing_click_id: first.body['click_id'] });
    expect(again.body['click_id']).toBe(first.body['click_id']);
    expect(await scene.count('referrals', `affiliate_id = 'ann'`)).toBe(0);
  });
});
