/** `stripe accounts …` and `alerts` as a person types them. Secrets come by standard input or variable, and never out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { raiseAlert } from '../../src/store/alerts.ts';
import { createSeal } from '../../src/store/seal.ts';
import { apiKeysOf } from '../../src/store/stripe-keys.ts';
import { aboutSecret, secretsOf } from '../../src/store/stripe-secrets.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { tributary } from './child.ts';

const OLD = Buffer.alloc(32, 3);
const NEW = Buffer.alloc(32, 4);
const OLD_ONLY = { TRIBUTARY_SECRET_KEY: OLD.toString('base64') };

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

type Said = { readonly code: number | null; readonly out: string; readonly err: string };

async function say(line: string, env: Record<string, string> = OLD_ONLY, input = ''): Promise<Said> {
  const child = tributary(line.split(' '), { DATABASE_URL: on.url, ...env }, input);
  const { code } = await child.ended;
  return { code, out: child.stdout(), err: child.stderr() };
}

describe('the command line', { timeout: 120_000 }, () => {
  test('registers an account, keeps its secrets and keys, seals them anew, forgets them', async () => {
    const { pool } = on.database;
    expect((await say('stripe accounts list')).out).toMatch(/No Stripe account is registered/);
    const added = await say('stripe accounts add acct_1 --name Europe');
    expect([added.code, added.out]).toEqual([
      0,
      expect.stringMatching(/primary account[^]*\/webhooks\/stripe[^]*secrets add/),
    ]);
    const secret = 'whsec_by_standard_input_1234';
    const stored = await say(
      'stripe accounts secrets add acct_1 --secret-stdin --label first',
      OLD_ONLY,
      `${secret}\n`,
    );
    expect([stored.code, stored.err]).toEqual([0, '']);
    const [, id = ''] = /(whs_\w+): whsec_…1234/.exec(stored.out) ?? [];
    const key = 'rk_live_by_variable_5678';
    const kept = await say('stripe accounts key set acct_1 --secret-env MY_KEY', { ...OLD_ONLY, MY_KEY: key });
    expect([kept.code, kept.out]).toEqual([0, expect.stringContaining('rk_live_…5678')]);
    const list = await say('stripe accounts list');
    expect(list.out).toMatch(
      /acct_1 +primary +Europe\n +secret +whs_\w+ +whsec_…1234 +first\n +key +live +rk_live_…5678/,
    );
    for (const { out, err } of [stored, kept, list]) expect(out + err).not.toMatch(/by_standard_input|by_variable/);

    const rotated = { TRIBUTARY_SECRET_KEY: `${NEW.toString('hex')}, ${OLD.toString('base64')}` };
    const sealed = await say('stripe accounts reseal', rotated);
    expect([sealed.code, sealed.out]).toEqual([
      0,
      expect.stringMatching(/2 of 2 secrets sealed anew with key [0-9a-f]{8}, 0 failed/),
    ]);
    expect((await say('stripe accounts reseal', rotated)).out).toContain('0 of 2 secrets');
    const seal = createSeal([NEW]);
    const [row] = await secretsOf(pool, 'default');
    expect(seal.open(row?.sealed ?? '', aboutSecret('default', 'acct_1', id))).toBe(secret);
    expect(await apiKeysOf(pool, seal, ['default'])).toMatchObject([{ key }]);
    const stranger = await say('stripe accounts reseal', { TRIBUTARY_SECRET_KEY: Buffer.alloc(32, 9).toString('hex') });
    expect([stranger.code, stranger.out, stranger.err]).toEqual([
      1,
      expect.stringContaining('0 of 2'),
      expect.stringContaining(`sealed with key ${seal.keyId}`),
    ]);

    expect((await say(`stripe accounts secrets remove acct_1 ${id}`)).code).toBe(0);
    expect((await say('stripe accounts key remove acct_1 --mode live')).code).toBe(0);
    expect((await say('stripe accounts remove acct_1')).code).toBe(0);
    expect((await say('stripe accounts list')).out).toMatch(/No Stripe account/);
  });

  test('says what is wrong in one line, and stores nothing', async () => {
    await say('stripe accounts add acct_2');
    const add = 'stripe accounts secrets add acct_2';
    const wrong: [line: string, words: RegExp, env?: Record<string, string>, input?: string][] = [
      [add, /--secret-stdin .* or --secret-env/],
      [`${add} --secret-stdin --secret-env X`, /--secret-stdin .* or --secret-env/],
      [`${add} --secret-env NOT_SET`, /NOT_SET is not set/],
      [`${add} --secret-stdin`, /Nothing came/],
      [`${add} --secret-stdin`, /begins with whsec_/, OLD_ONLY, 'sk_live_oops'],
      [`${add} --secret-stdin --expires soon`, /--expires must be a time/, OLD_ONLY, 'whsec_x'],
      [`${add} --secret-stdin --expires 2027-02-31`, /--expires must be a time that exists/, OLD_ONLY, 'whsec_x'],
      [`${add} --secret-stdin --others-expire 2027-02-31`, /--others-expire must be a time/, OLD_ONLY, 'whsec_x'],
      [`${add} --secret-stdin`, /openssl rand -base64 32/, {}, 'whsec_x'],
      ['stripe accounts reseal', /openssl rand -base64 32/, {}],
      ['stripe accounts remove acct_nobody', /No Stripe account "acct_nobody"/],
      ['stripe accounts add acct/3', /account_id must be/],
      ['stripe accounts add acct_2 --workspace nobody', /no workspace "nobody"/],
      [
        'stripe accounts list',
        /TRIBUTARY_SECRET_KEY is a value that does not fit: must be 32 bytes/,
        { TRIBUTARY_SECRET_KEY: 'c2hvcnQ=' },
      ],
      ['alerts --state loud', /open, resolved or all/],
      ['alerts --resolve alrt_nobody', /no alert/],
    ];
    for (const [line, words, env = OLD_ONLY, input = ''] of wrong) {
      const { code, out, err } = await say(line, env, input);
      expect([line, code, out]).toEqual([line, 1, '']);
      expect(err).toMatch(words);
      expect(err).not.toMatch(/\n +at /);
      if (input !== '') expect(err).not.toContain(input);
    }
    expect(await secretsOf(on.database.pool, 'default')).toEqual([]);
  });

  test('lists alerts and resolves them', async () => {
    const about = { workspace: 'default', kind: 'unroutable_account', subject: 'acct_9' };
    expect((await say('alerts')).out).toBe('Nothing needs attention.\n');
    await raiseAlert(on.database.pool, { ...about, message: 'Register it.', at: 0 });
    const { out } = await say('alerts');
    expect(out).toMatch(
      /^alrt_\w+ +unroutable_account acct_9 +1 times, last 1970-01-01T00:00:00.000Z\n +Register it\.\n$/,
    );
    const [id = ''] = /alrt_\w+/.exec(out) ?? [];
    expect((await say(`alerts --resolve ${id}`)).code).toBe(0);
    expect((await say('alerts')).out).toBe('Nothing needs attention.\n');
    expect((await say('alerts --state all')).out).toContain(id);
  });
});
