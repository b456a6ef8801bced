/** `GET /v1/inbox` and `POST /v1/inbox/{id}/replay`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccount, type SimulatedEvent } from '../../../src/simulator/account.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms } from '../../support/stage.ts';
import { openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let other: Site;
let paid: SimulatedEvent;

const BROKEN = JSON.stringify({
  id: 'evt_broken',
  type: 'invoice.paid',
  created: 1_767_600_100,
  livemode: true,
  data: { object: { id: 'in_broken' } },
});

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  other = await openSite(db, { workspace: 'other' });
  const { stage } = site;
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_all', terms('30'));
  const account = createAccount({ seed: 'inbox', family: 'basil', startAt: 1_767_600_000 });
  const { firstPayment } = account.subscribe({
    customer: account.customer({ metadata: { affonso_referral: 'ref_1' } }),
    price: account.price({ amount: 10_000 }),
  });
  account.advance({ days: 1 });
  account.refund(firstPayment, { amount: 1_000 });
  const of = (type: string): SimulatedEvent => {
    const found = account.events.find((event) => event.type === type);
    if (!found) throw new Error(`no ${type}`);
    return found;
  };
  paid = of('invoice.paid');
  await stage.hear(of('refund.created'));
  await stage.hear({
    body: JSON.stringify({
      id: 'evt_ignored',
      type: 'payout.paid',
      created: 1_767_600_000,
      livemode: true,
      data: { object: {} },
    }),
  });
  await stage.hear({ body: BROKEN });
});

afterAll(async () => {
  await site.close();
  await other.close();
  await db.drop();
});

type Event = Record<string, unknown> & { id: string; state: string; reason: string; hint: string };
const rows = (answer: Answer): Event[] => answer.body.data as unknown as Event[];
const list = async (query: string, asked = {}): Promise<Event[]> => rows(await site.get(`/v1/inbox?${query}`, asked));
const replay = (id: string, asked = {}): Promise<Answer> =>
  site.post(`/v1/inbox/${encodeURIComponent(id)}/replay`, {}, asked);

describe('the list', () => {
  test('shows what waits with its reason and what to do', async () => {
    const [event, ...more] = await list('state=parked');
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      id: expect.stringMatching(/^stripe:evt_/) as string,
      source: 'stripe',
      type: 'refund.created',
      state: 'parked',
      reason: 'refund_before_sale',
      hint: expect.stringContaining('Resend') as string,
      attempts: 0,
      next_try_at: null,
    });
  });

  test('shows what was ignored', async () => {
    expect(await list('state=ignored')).toMatchObject([
      {
        id: 'stripe:evt_ignored',
        reason: 'unhandled_type',
        hint: expect.stringContaining('Nothing to do') as string,
      },
    ]);
  });

  test('shows what failed with its error, and what is tried again', async () => {
    const [pending] = await list('state=pending');
    expect(pending).toMatchObject({
      id: 'stripe:evt_broken',
      reason: expect.any(String) as string,
      hint: expect.stringContaining('tried again') as string,
    });
    expect(pending?.['next_try_at']).not.toBeNull();
    for (let tries = 0; tries < 8; tries += 1) await site.stage.pass(1);
    expect(await list('state=failed')).toMatchObject([
      {
        id: 'stripe:evt_broken',
        attempts: 8,
        hint: expect.stringContaining('replay') as string,
        next_try_at: null,
      },
    ]);
  });

  test('without a state shows all, newest first, by pages, of the own world and workspace', async () => {
    expect((await site.get('/v1/inbox?limit=2')).body['pagination']).toMatchObject({
      total: 3,
      total_pages: 2,
      has_next_page: true,
    });
    expect(await list('', { key: site.test })).toEqual([]);
    expect((await other.get('/v1/inbox')).body['pagination']).toMatchObject({ total: 0 });
  });

  test.each(['state=lost', 'limit=0', 'page=x', 'state=parked&state=done'])('?%s is 400', async (query) => {
    const { status, body } = await site.get(`/v1/inbox?${query}`);
    expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  });
});

describe('replay', () => {
  test('makes a failed event pending, and a worker takes it', async () => {
    const { status, body } = await replay('stripe:evt_broken');
    expect([status, body.data['state'], body.data['attempts']]).toEqual([200, 'pending', 0]);
    await site.stage.drain();
    expect(await list('state=pending')).toMatchObject([{ id: 'stripe:evt_broken', attempts: 1 }]);
  });

  test('of an event whose effect stands changes nothing', async () => {
    await site.stage.hear(paid);
    const before = await site.stage.tells();
    const id = `stripe:${(JSON.parse(paid.body) as { id: string }).id}`;
    expect((await replay(id)).status).toBe(200);
    await site.stage.drain();
    expect(await site.stage.tells()).toEqual(before);
    expect(rows(await site.get('/v1/inbox?state=done')).map((one) => one.id)).toContain(id);
  });

  test("of an operator's entry, whose key holds colons", async () => {
    const sold = await site.post('/v1/conversions', {
      referral_id: 'ref_1',
      sale_amount: 10,
      external_event_id: 'ruled',
    });
    await site.send('PUT', `/v1/commissions/${String(sold.body.data['id'])}`, '{"status":"declined"}');
    const entry = (await list('state=done')).find(({ source }) => source === 'operator');
    expect(entry?.id).toMatch(/^operator:ruling:com_/);
    const before = await site.stage.tells();
    expect((await replay(entry?.id ?? '')).status).toBe(200);
    await site.stage.drain();
    expect(await site.stage.tells()).toEqual(before);
  });

  test('is refused when the body is gone', async () => {
    await site.stage.ask(`DELETE FROM payloads WHERE workspace_id = $1 AND event_key = 'evt_ignored'`);
    const { status, body } = await replay('stripe:evt_ignored');
    expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect((await list('state=ignored')).map(({ id }) => id)).toEqual(['stripe:evt_ignored']);
  });

  test('unknown ids, other worlds and other workspaces are 404', async () => {
    for (const [id, asked] of [
      ['stripe:evt_nobody', {}],
      ['evt_broken', {}],
      [':', {}],
      ['nowhere:evt_broken', {}],
      ['stripe:evt_broken', { key: site.test }],
      ['stripe:evt_broken', { key: other.live }],
    ] as const) {
      const { status, body } = await replay(id, asked);
      expect([id, status, body.error.code]).toEqual([id, 404, 'NOT_FOUND']);
    }
  });
});
