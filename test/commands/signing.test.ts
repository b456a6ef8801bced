/** `signing …` as a person types it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { tributary } from './child.ts';

let on: TestDatabase;
beforeAll(async () => {
  on = await createDatabase();
});
afterAll(() => on.drop());

const SEALED = { TRIBUTARY_SECRET_KEY: Buffer.alloc(32, 7).toString('hex') };

async function say(line: string, input = '', env: Record<string, string> = SEALED) {
  const child = tributary(line.split(' '), { DATABASE_URL: on.url, ...env }, input);
  const { code } = await child.ended;
  return { code, out: child.stdout().trim(), err: child.stderr() };
}

describe('the command line', { timeout: 120_000 }, () => {
  test('switches signing on and off, and shows a secret once', async () => {
    expect((await say('signing show')).out).toBe('Requests need no signature.');
    const started = await say('signing on');
    expect([started.code, started.err, started.out]).toEqual([0, '', expect.stringMatching(/^whsec_\w{38}$/)]);
    const shown = await say('signing show');
    expect(shown.out).toMatch(/^Requests must be signed with whsec_….{4}, since \d{4}-/);
    expect(shown.out).not.toContain(started.out);
    const own = await say('signing on --secret-stdin', 'whsec_brought-along-4321\n');
    expect([own.code, own.out]).toEqual([0, 'Requests must be signed with whsec_…4321 within seconds.']);
    expect((await say('signing off')).code).toBe(0);
    expect((await say('signing show')).out).toBe('Requests need no signature.');
  });

  test.each<[string, RegExp, Record<string, string>?]>([
    ['signing maybe', /Say: tributary signing on/],
    ['signing off', /need no signature as it is/],
    ['signing on --workspace nobody', /There is no workspace "nobody"/],
    ['signing on --secret-env NOT_SET', /NOT_SET is not set/],
    ['signing on', /openssl rand -base64 32/, {}],
  ])('%s is refused in words', async (line, words, env) => {
    const said = await say(line, '', env);
    expect([said.code, said.err]).toEqual([1, expect.stringMatching(words)]);
    expect(said.err).not.toMatch(/\n\s+at /);
  });
});
