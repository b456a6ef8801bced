/** The webhook endpoint over HTTP: what is refused costs no query and leaves nothing; what is told twice counts once. */
import pino from 'pino';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { rulesCache } from '../../src/pipeline/rules.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import {
  createAccount,
  type SimulatedAccount,
  type SimulatedCustomer,
  type SimulatedEvent,
  type SimulatedPayment,
} from '../../src/simulator/account.ts';
import { signed } from '../../src/simulator/deliver.ts';
import type { Database } from '../../src/store/database.ts';
import { registerAccount } from '../../src/store/stripe-accounts.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { translators } from '../support/stage.ts';
import { enveloped } from '../stories/theatre.ts';
import { furnish, openSite, SECRET, type Answer, type Site } from './site.ts';

type Line = {
  readonly level: number;
  readonly rejected?: string;
  readonly hint?: string;
  readonly requestId?: string;
};

let db: TestDatabase;
let site: Site;
let account: SimulatedAccount;
/** A customer whom jane brought; the service knows. */
let broughtByJane: SimulatedCustomer;
const lines: Line[] = [];

beforeAll(async () => {
  db = await createDatabase();
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  site = await openSite(db, { log });
  await furnish(site.stage);
  account = createAccount({
    seed: 'webhooks',
    family: 'basil',
    startAt: 1_767_600_000,
    livemode: true,
  });
  const joined = account.during(() => {
    broughtByJane = account.customer({ metadata: { affonso_referral: 'ref_1' } });
  });
  for (const { body } of joined) await site.deliver(body);
  // From here on it is known which workspaces keep secrets of their own: none.
  await site.deliver('{}', '/webhooks/stripe', 'whsec_forged');
  lines.length = 0;
});

afterEach(() => {
  vi.restoreAllMocks();
  lines.length = 0;
});

afterAll(async () => {
  const proof = await verifyWorkspace(db.database, translators, 'default');
  await site.close();
  await db.drop();
  expect(proof.differences).toEqual([]);
});

type Paid = {
  readonly event: SimulatedEvent;
  readonly invoice: string;
  readonly events: readonly SimulatedEvent[];
  readonly payment: SimulatedPayment;
};

/** An invoice of 100 USD, paid by a customer of jane's: the event that says so, and the invoice's id. */
function paid(): Paid {
  let payment: SimulatedPayment | undefined;
  const events = account.during(() => {
    payment = account.subscribe({
      customer: broughtByJane,
      price: account.price({ amount: 10_000 }),
    }).firstPayment;
  });
  const event = events.find(({ body }) => typeOf(body) === 'invoice.paid');
  if (!event || !payment) throw new Error('the subscription was not paid');
  return { event, invoice: objectIdOf(event.body), events, payment };
}

const typeOf = (body: string): string => (JSON.parse(body) as { type: string }).type;
const idOf = (body: string): string => (JSON.parse(body) as { id: string }).id;
const objectIdOf = (body: string): string => (JSON.parse(body) as { data: { object: { id: string } } }).data.object.id;
const now = (): number => Math.floor(site.stage.clock.now / 1000);
const send = (body: string | Uint8Array, headers: Record<string, string>, path = '/webhooks/stripe'): Promise<Answer> =>
  site.send('POST', path, body, { key: null, headers });

async function balance(): Promise<bigint> {
  const [row] = await site.stage.ask<{ payable: bigint }>(
    `SELECT payable FROM balances WHERE workspace_id = $1 AND affiliate_id = 'jane' AND livemode`,
  );
  return row?.payable ?? 0n;
}

describe('a delivery', () => {
  test('is answered after its whole effect is posted; again, it is a duplicate', async () => {
    const { event } = paid();
    const before = await balance();
    const first = await site.deliver(event.body);
    expect([first.status, first.text]).toEqual([200, '{"received":true,"outcome":"posted"}']);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await balance()).toBe(before + 3000n);
    const all = await site.everything();
    const again = await site.deliver(event.body);
    expect([again.status, again.text]).toEqual([200, '{"received":true,"outcome":"duplicate"}']);
    expect(await site.everything()).toBe(all);
  });

  test('of an unknown type is kept as ignored', async () => {
    const event = account.emit('issuing_token.created', {
      id: 'iss_1',
      object: 'issuing.token',
    });
    const { status, body } = await site.deliver(event.body);
    expect([status, body['outcome']]).toEqual([200, 'ignored']);
  });

  test('signed with any of several secrets is taken', async () => {
    const { event } = paid();
    const { status } = await send(event.body, signed(event.body, ['whsec_of_the_past', SECRET], now()));
    expect(status).toBe(200);
  });

  test('of a connected account goes to the workspace that registered it', async () => {
    const acme = await openSite(db, { workspace: 'connected' });
    await furnish(acme.stage, 'c_');
    await registerAccount(db.database.pool, 'connected', 'acct_1');
    const { event } = paid();
    expect((await site.deliver(enveloped(event, { account: 'acct_1' }).body)).status).toBe(200);
    expect(await acme.stage.inbox()).toMatchObject([{ event_key: idOf(event.body) }]);
    await acme.close();
  });
});

describe('what is not signed well', () => {
  const body = (): string => paid().event.body;
  const altered = (text: string): string =>
    text.replace('"livemode": true', '"livemode": false').replace('"livemode":true', '"livemode":false');

  const cases: Record<string, [code: string, hint: RegExp, () => Promise<Answer>]> = {
    'no signature': ['signature_missing', /proxy/, () => send(body(), {})],
    'a malformed signature': ['signature_malformed', /form/, () => send(body(), { 'stripe-signature': 'hello' })],
    'only v0': ['signature_no_v1', /v1/, () => send(body(), { 'stripe-signature': `t=${now()},v0=${'0'.repeat(64)}` })],
    'another secret': [
      'signature_mismatch',
      /stripe listen/,
      () => site.deliver(body(), '/webhooks/stripe', 'whsec_of_the_cli'),
    ],
    'an altered body': [
      'signature_mismatch',
      /proxy/,
      () => {
        const text = body();
        return send(altered(text), signed(text, SECRET, now()));
      },
    ],
    'a stale timestamp': [
      'timestamp_outside_tolerance',
      /replayed/,
      () => {
        const text = body();
        return send(text, signed(text, SECRET, now() - 301));
      },
    ],
    'a timestamp of the future': [
      'timestamp_outside_tolerance',
      /behind/,
      () => {
        const text = body();
        return send(text, signed(text, SECRET, now() + 301));
      },
    ],
    'what is no JSON': ['not_json', /JSON/, () => send('hello', signed('hello', SECRET, now()))],
    'an empty body': ['not_json', /JSON/, () => send('', signed('', SECRET, now()))],
    'JSON that is no event': ['not_an_event', /event/, () => send('{}', signed('{}', SECRET, now()))],
    'a workspace without a secret': [
      'no_secret_configured',
      /STRIPE_WEBHOOK_SECRET/,
      () => site.deliver(body(), '/webhooks/stripe/secretless'),
    ],
  };

  test.each(Object.entries(cases))(
    '%s: 400, nothing stored, no query, one line that says why',
    async (_words, [code, hint, deliver]) => {
      const all = await site.everything();
      const queries = vi.spyOn(db.database.pool, 'query');
      const connections = vi.spyOn(db.database.pool, 'connect');
      const { status, body: answer } = await deliver();
      expect(queries).not.toHaveBeenCalled();
      expect(connections).not.toHaveBeenCalled();
      vi.restoreAllMocks();
      expect(status).toBe(400);
      expect(answer).toEqual({
        error: { code, message: expect.any(String), hint: expect.stringMatching(hint) },
      });
      expect(lines).toMatchObject([
        {
          level: 40,
          rejected: code,
          hint: expect.stringMatching(hint),
          requestId: expect.stringMatching(/^req_/),
        },
      ]);
      expect(JSON.stringify(lines)).not.toContain(SECRET);
      expect(await site.everything()).toBe(all);
    },
  );

  test('larger than 1 MiB: 413, even when it is signed', async () => {
    const text = `{"a":"${'x'.repeat(1_048_576)}"}`;
    const { status, body: answer } = await send(text, signed(text, SECRET, now()));
    expect([status, answer.error.code]).toEqual([413, 'body_too_large']);
  });

  test('an unknown workspace: 404, but only to who can sign', async () => {
    const text = body();
    const all = await site.everything();
    const { status, body: answer } = await site.deliver(text, '/webhooks/stripe/nobody');
    expect([status, answer.error.code]).toEqual([404, 'unknown_workspace']);
    const forged = await site.deliver(text, '/webhooks/stripe/nobody', 'whsec_forged');
    expect([forged.status, forged.body.error.code]).toEqual([400, 'signature_mismatch']);
    expect(await site.everything()).toBe(all);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s: 405', async (method) => {
    const { status, headers } = await site.send(method, '/webhooks/stripe', undefined, {
      key: null,
    });
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('when the database is away', () => {
  test('the sender is asked to try again; a forgery is refused all the same', async () => {
    const pool = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' });
    const database = { ...db.database, pool, of: () => pool, across: pool } as Database;
    const away = await openSite(db, {
      workspace: 'away',
      work: { ...site.stage.work, database, rules: rulesCache(database) },
    });
    const { event } = paid();
    const headers = signed(event.body, SECRET, now());
    const answer = await away.send('POST', '/webhooks/stripe', event.body, { key: null, headers });
    const forged = await away.send('POST', '/webhooks/stripe', event.body, {
      key: null,
      headers: { 'stripe-signature': 't=1,v1=0' },
    });
    await away.close();
    await pool.end();
    expect([answer.status, answer.headers.get('retry-after'), answer.body.error.code]).toEqual([
      503,
      '5',
      'database_away',
    ]);
    expect(forged.status).toBe(400);
    // Once it is back, the same delivery is taken.
    expect((await site.deliver(event.body)).body['outcome']).toBe('posted');
  });
});

describe('a payment told by webhook and by API', () => {
  const sell = (externalEventId: string, more: Record<string, unknown> = {}): Promise<Answer> =>
    site.post('/v1/conversions', {
      referral_id: 'ref_1',
      sale_amount: 100,
      external_event_id: externalEventId,
      ...more,
    });

  test('case 20: the webhook first, then the API: the API gets the existing sale back', async () => {
    const { event, invoice } = paid();
    await site.deliver(event.body);
    const before = await balance();
    const named = await sell(invoice);
    expect(named.status).toBe(200);
    // The caller hears the id it sent; Stripe's event stays the proof of it, and leads to it as well.
    expect(named.body.data).toMatchObject({ external_event_id: invoice, invoice_id: invoice, commission_amount: 30 });
    expect((await site.stage.sales()).map((one) => one.external_event_id)).toContain(idOf(event.body));
    expect(await balance()).toBe(before);
    const again = await sell(invoice);
    expect([again.status, again.body.data['id']]).toEqual([200, named.body.data['id']]);
    for (const id of [invoice, idOf(event.body)]) {
      const { body } = await site.get(`/v1/conversions?external_event_id=${id}`);
      expect(body.data).toMatchObject([{ id: named.body.data['id'] }]);
    }
  });

  test('case 20: the API first, then the webhook: one sale, under the id the API was given', async () => {
    const { invoice, events } = paid();
    const before = await balance();
    const named = await sell(invoice);
    expect([named.status, named.body.data['commission_amount']]).toEqual([201, 30]);
    for (const event of events) await site.deliver(event.body);
    expect(await balance()).toBe(before + 3000n);
    const { body } = await site.get(`/v1/conversions/${String(named.body.data['id'])}`);
    expect(body.data).toMatchObject({ invoice_id: invoice, commission_amount: 30 });
    expect((await sell(invoice)).body.data['id']).toBe(named.body.data['id']);
  });

  test('by the event’s own id, once the event is here', async () => {
    const { event } = paid();
    await site.deliver(event.body);
    const before = await balance();
    const named = await sell(idOf(event.body));
    expect(named.status).toBe(200);
    expect((await sell(idOf(event.body))).body.data['id']).toBe(named.body.data['id']);
    expect(await balance()).toBe(before);
  });

  test('at the same moment: one sale', async () => {
    const { events, invoice } = paid();
    const before = await balance();
    const answers = await Promise.all([...events.map(({ body }) => site.deliver(body)), sell(invoice), sell(invoice)]);
    expect(answers.every(({ status }) => status === 200 || status === 201)).toBe(true);
    expect(await balance()).toBe(before + 3000n);
  });

  test('a webhook’s sale that credited nobody is credited by the API', async () => {
    const events = account.during(() => {
      account.subscribe({ customer: account.customer(), price: account.price({ amount: 10_000 }) });
    });
    const event = events.find(({ body }) => typeOf(body) === 'invoice.paid') as SimulatedEvent;
    const { id } = (JSON.parse(event.body) as { data: { object: { id: string } } }).data.object;
    await site.deliver(event.body);
    const { status, body } = await sell(id);
    expect([status, body.data['affiliate_id'], body.data['commission_amount']]).toEqual([200, 'jane', 30]);
  });

  test('a refund by its Stripe id is the refund the webhook tells of', async () => {
    const { invoice, payment, events } = paid();
    for (const { body } of events) await site.deliver(body);
    const id = String((await sell(invoice)).body.data['id']);
    const before = await balance();
    const told = account.during(() => account.refund(payment, { amount: 4_000 }));
    const refundId = told.map(({ body }) => objectIdOf(body)).find((one) => one.startsWith('re_'));
    const answer = await site.post(`/v1/conversions/${id}/refund`, {
      amount: 40,
      external_event_id: refundId,
    });
    expect(answer.body.data).toMatchObject({ sale_amount: 60, commission_amount: 18 });
    for (const { body } of told) await site.deliver(body);
    expect(await balance()).toBe(before - 1200n);
    const again = await site.post(`/v1/conversions/${id}/refund`, {
      amount: 40,
      external_event_id: refundId,
    });
    expect([again.status, again.body.data['sale_amount']]).toEqual([200, 60]);
  });

  test('a refund that only the webhook told is not refunded again by its Stripe id', async () => {
    const { invoice, payment, events } = paid();
    for (const { body } of events) await site.deliver(body);
    const id = String((await sell(invoice)).body.data['id']);
    const told = account.during(() => account.refund(payment, { amount: 4_000 }));
    for (const { body } of told) await site.deliver(body);
    const refundId = told.map(({ body }) => objectIdOf(body)).find((one) => one.startsWith('re_'));
    const before = await balance();
    const same = await site.post(`/v1/conversions/${id}/refund`, { external_event_id: refundId });
    expect([same.status, same.body.data['sale_amount']]).toEqual([200, 60]);
    const other = await site.post(`/v1/conversions/${id}/refund`, {
      amount: 50,
      external_event_id: refundId,
    });
    expect([other.status, other.body.error.code]).toEqual([409, 'DUPLICATE_ERROR']);
    expect(await balance()).toBe(before);
  });

  test('the API in another currency first: Stripe says which it was', async () => {
    const { invoice, events } = paid();
    const told = await sell(invoice, { sale_amount_currency: 'EUR', sale_amount: 92 });
    expect(told.body.data).toMatchObject({ commission_amount: 27.6, commission_currency: 'EUR' });
    const outcomes = await Promise.all(events.map(async ({ body }) => (await site.deliver(body)).body['outcome']));
    expect(outcomes).not.toContain('pending');
    const { body } = await site.get(`/v1/conversions/${String(told.body.data['id'])}`);
    expect(body.data).toMatchObject({
      sale_amount: 100,
      commission_amount: 30,
      commission_currency: 'USD',
    });
  });

  test('an invoice that Stripe says is void is no sale', async () => {
    const events = account.during(() => {
      const lines = [{ price: account.price({ amount: 5_000 }), amount: 5_000 }];
      account.invoice({ customer: broughtByJane, lines, outcome: 'void' });
    });
    for (const { body } of events) await site.deliver(body);
    const voided = events.find(({ body }) => typeOf(body) === 'invoice.voided');
    const all = await site.everything();
    const { status, body } = await sell(objectIdOf(voided?.body ?? ''));
    expect([status, body.error.field]).toEqual([400, 'external_event_id']);
    expect(await site.everything()).toBe(all);
  });
});
