/** The README's section about the Stripe CLI, typed as it stands there: only the port and the placeholders are filled in. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { freePort, type Child } from '../commands/child.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { openStripeCli, reads, type StripeCli } from '../support/stripe-cli/cli.ts';
import { openShop } from '../support/stripe-cli/shop.ts';
import { pretendStripe, type PretendedStripe } from '../support/stripe-cli/stripe.ts';

const SECRET = 'whsec_pretended0123456789';

let on: TestDatabase;
let stripe: PretendedStripe;
let cli: StripeCli;
let port: string;

beforeAll(async () => {
  on = await createDatabase();
  port = String(await freePort());
  const startAt = Math.floor(Date.now() / 1000);
  const account = createAccount({ family: 'basil', seed: 'readme', startAt, livemode: false });
  stripe = await pretendStripe({ secret: SECRET, shop: openShop(account) });
  cli = await openStripeCli(stripe.base);
});
afterAll(async () => {
  await cli.close();
  await stripe.close();
  await on.drop();
});

/** The lines of the section's shell blocks, without comments. */
async function commands(): Promise<string[]> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const section = /^## Locally with the Stripe CLI$(.*?)^## /ms.exec(readme)?.[1] ?? '';
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split('\n').map((line) => line.replace(/ +# .*$/, '').trim())).filter(Boolean);
}

/** Types one line; `placeholders` stand for what the README writes with an ellipsis. */
function typed(line: string, placeholders: Readonly<Record<string, string>> = {}, env = {}): Child {
  const filled = Object.entries(placeholders).reduce((text, [name, value]) => text.replace(`${name}_…`, value), line);
  const local = filled.replace('127.0.0.1:8080', `127.0.0.1:${port}`);
  const command = local.startsWith('npx stripe ') ? `${local} --api-base ${stripe.base}` : local;
  expect(command, 'every placeholder is filled').not.toContain('…');
  return cli.shell(command, { DATABASE_URL: on.url, PORT: port, ...env });
}

async function done(child: Child): Promise<string> {
  expect((await child.ended).code, child.stdout() + child.stderr()).toBe(0);
  return child.stdout();
}

test('does what it says', { timeout: 120_000 }, async () => {
  const [login, listen, start, nobodys, janes, resend, makeKey, trace, ...rest] = (await commands()) as [
    ...[string, string, string, string, string, string, string, string],
    ...string[],
  ];
  expect(rest).toEqual([]);
  // Wants a browser and an account; the key in the environment is what it would leave.
  expect(login).toBe('npx stripe login');

  const listening = typed(listen);
  const [, whsec = ''] = await reads(listening, /signing secret is (whsec_\w+)/);
  expect(await done(typed('npx stripe listen --print-secret'))).toBe(`${whsec}\n`);
  const service = typed(start, { whsec });
  const [, live = ''] = await service.says(/API key +(sk_live_\w+)/, 60_000);
  await call(live, '/affiliates', { name: 'Jane', email: 'jane@example.com', tracking_id: 'jane' });
  await call(live, '/program/incentives', { name: '30 %', type: 'percentage', amount: 30 });
  const clicked = await call(live, '/clicks', { trackingId: 'jane' });

  await done(typed(nobodys));
  await done(typed(janes, { ref: (clicked as { id: string }).id }));
  const [, evt = ''] = await reads(listening, /invoice\.paid \[[\s\S]*invoice\.paid \[(evt_\w+)\]/);
  await stripe.answered();
  await done(typed(resend, { evt }));
  await stripe.answered();
  const about = stripe.reported.filter(({ event }) => event === evt);
  expect(about.map(({ status }) => status)).toEqual([200, 200]);
  expect(about[1]?.body).toContain('duplicate');

  // What a person reads about a wrong secret: the status here, the reason in the service's log.
  stripe.signWith('whsec_of_the_dashboard');
  await done(typed(nobodys));
  await reads(listening, /\[400\] POST/);
  await reads(service, /"rejected":"signature_mismatch".*"hint":".*`stripe listen`/);

  const KEY = (await done(typed(`${makeKey} && echo $KEY`))).trim();
  const traced = JSON.parse(await done(typed(trace, { evt }, { KEY }))) as { data: { summary: string[] } };
  expect(traced.data.summary.join('\n')).toMatch(/6\.00 USD/);
  const sales = (await call(KEY, '/conversions')) as { commission_amount: number }[];
  expect(sales.map((sale) => sale.commission_amount).toSorted()).toEqual([0, 6]);
  expect(await call(live, '/conversions')).toEqual([]);
});

/** Calls the service's API and returns `data`; with a body it is a POST. */
async function call(key: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1${path}`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });
  const said = (await answer.json()) as { data: unknown };
  expect(answer.status, JSON.stringify(said)).toBeLessThan(300);
  return said.data;
}
