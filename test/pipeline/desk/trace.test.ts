/** `GET /v1/trace/{any id}`: the whole explanation of a sale, a refund, what waits, what was ignored. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccount, type SimulatedAccount, type SimulatedEvent } from '../../../src/simulator/account.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms } from '../../support/stage.ts';
import { openSite, type Answer, type Site } from '../../web/site.ts';

let db: TestDatabase;
let site: Site;
let other: Site;
let account: SimulatedAccount;

/** The first id of a kind in the events: `in_`, `pi_`, `ch_`, … */
function idIn(events: readonly SimulatedEvent[], prefix: string): string {
  const id = new RegExp(`"(${prefix}[A-Za-z0-9]+)"`).exec(events.map(({ body }) => body).join('\n'))?.[1];
  if (id === undefined) throw new Error(`no ${prefix} id`);
  return id;
}

const eventIdOf = ({ body }: SimulatedEvent): string => (JSON.parse(body) as { id: string }).id;

type Told = {
  id: string;
  kind: string;
  state: string;
  summary: string[];
  keys: string[];
  events: { source: string; id: string; type: string }[];
  conversions: Record<string, unknown>[];
  explanation: Record<string, unknown> | null;
  transfers: Record<string, unknown>[];
};

async function trace(id: string, on = site): Promise<Told> {
  const answer = await on.get(`/v1/trace/${encodeURIComponent(id)}`);
  expect([id, answer.status]).toEqual([id, 200]);
  return answer.body.data as unknown as Told;
}

const missing = (id: string, asked = {}): Promise<Answer> => site.get(`/v1/trace/${encodeURIComponent(id)}`, asked);

let paid: readonly SimulatedEvent[] = [];

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  other = await openSite(db, { workspace: 'other' });
  const { stage } = site;
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane', { email: 'one@shop.example' });
  await stage.incentive('inc_yearly', terms('50', { interval: 'yearly' }));
  await stage.incentive('inc_all', terms('30', { holdPeriodDays: 7 }));
  account = createAccount({ seed: 'trace', family: 'basil', startAt: 1_767_600_000 });
  const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
  account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
  paid = [...account.events];
  await stage.hearAll(paid);
});

afterAll(async () => {
  await site.close();
  await other.close();
  await db.drop();
});

describe('a sale', () => {
  test('is told whole: who, base, rule, rejected candidates, hold, transfers', async () => {
    const told = await trace(idIn(paid, 'in_'));
    expect([told.kind, told.state]).toEqual(['payment', 'complete']);
    const words = told.summary.join('\n');
    expect(words).toMatch(/Sale com_\w+ of 100\.00 USD, paid at 2026-.*first proven by evt_/);
    expect(words).toContain('(ref_1)');
    expect(words).toMatch(/inc_all version 1: 30 % of 100\.00 USD = 30\.00 USD/);
    expect(words).toMatch(/inc_yearly did not apply to .*: other interval/);
    expect(words).toMatch(/On hold until 2026-/);
    expect(told.keys).toContain(`stripe:invoice:${idIn(paid, 'in_')}`);
    expect(told.transfers.map(({ debit, credit, amount, reason }) => [debit, credit, amount, reason])).toEqual([
      ['program', 'pending', 30, 'earned'],
    ]);
    expect(told.explanation).toMatchObject({
      token: 'ref_1',
      cash: 100,
      lines: [
        {
          incentive_id: 'inc_all',
          base: 100,
          rejected: [{ incentive_id: 'inc_yearly', reason: 'other_interval' }],
        },
      ],
    });
    expect(told.events.map(({ type }) => type)).toContain('invoice.paid');
    expect(told.conversions).toHaveLength(1);
  });

  test('is the same under every id that leads to it', async () => {
    const whole = await trace(idIn(paid, 'in_'));
    const [conversion] = whole.conversions;
    const [payment] = await site.stage.ask<{ payment_id: string }>(
      'SELECT payment_id FROM conversions WHERE workspace_id = $1',
    );
    const names: Record<string, string> = {
      [idIn(paid, 'pi_')]: 'payment',
      [`stripe:invoice:${idIn(paid, 'in_')}`]: 'payment',
      [String(conversion?.['id'])]: 'sale',
      [String(conversion?.['earning_id'])]: 'commission',
      [String(whole.transfers[0]?.['id'])]: 'transfer',
      [payment?.payment_id ?? '']: 'payment',
      [whole.events.find(({ type }) => type === 'invoice.paid')?.id ?? '']: 'event',
      [idIn(paid, 'cus_')]: 'customer',
      ref_1: 'referral',
    };
    for (const [id, kind] of Object.entries(names)) {
      const told = await trace(id);
      expect([id, told.kind]).toEqual([id, kind]);
      expect(told.conversions).toEqual(whole.conversions);
      expect(told.transfers).toEqual(whole.transfers);
      expect(told.explanation).toEqual(whole.explanation);
    }
  });

  test('each event of the trail is told with its state, also as the inbox names it', async () => {
    for (const { id, source } of (await trace(idIn(paid, 'in_'))).events)
      for (const asked of [id, `${source}:${id}`]) {
        const told = await trace(asked);
        expect([told.kind, told.state]).toEqual(['event', 'done']);
        expect(told.summary[0]).toMatch(new RegExp(`^Event ${id} .* of stripe happened at`));
      }
  });

  test('a customer and a referral say who they are', async () => {
    expect((await trace(idIn(paid, 'cus_'))).summary[0]).toContain('is bound to ref_1');
    const told = await trace('ref_1');
    expect([told.state, told.summary[0]]).toEqual(['active', expect.stringContaining('of affiliate jane, active')]);
  });
});

test('a refund is told with what it took back', async () => {
  const from = account.events.length;
  const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
  const { firstPayment } = account.subscribe({
    customer,
    price: account.price({ amount: 20_000 }),
  });
  account.advance({ days: 1 });
  account.refund(firstPayment, { amount: 5_000 });
  const events = account.events.slice(from);
  await site.stage.hearAll(events);
  const told = await trace(idIn(events, 're_'));
  expect([told.kind, told.state]).toEqual(['refund', 'partial_refunded']);
  expect(told.summary.join('\n')).toMatch(/50\.00 USD was refunded, so 15\.00 USD of 60\.00 USD was taken back/);
  expect(told.summary.join('\n')).toMatch(/Refund com_\w+ \(stripe:re_\w+\) of 50\.00 USD at .*: succeeded/);
  expect(told.conversions.map(({ kind }) => kind)).toEqual(['sale', 'refund']);
});

test('what waits says for what, and what to do', async () => {
  const from = account.events.length;
  const customer = account.customer({});
  const { firstPayment } = account.subscribe({ customer, price: account.price({ amount: 1_000 }) });
  account.advance({ days: 1 });
  account.refund(firstPayment, {});
  const events = account.events.slice(from);
  const refund = events.find(({ type }) => type === 'refund.created');
  if (!refund) throw new Error('the account tells refunds');
  await site.stage.hear(refund);
  for (const id of [idIn([refund], 're_'), eventIdOf(refund)]) {
    const told = await trace(id);
    expect(told.state).toBe('parked');
    expect(told.summary.join('\n')).toMatch(/the refund waits for its sale/);
    expect(told.summary.join('\n')).toMatch(/Resend/);
    expect(told.conversions).toEqual([]);
  }
  await site.stage.hearAll(events);
  expect((await trace(idIn([refund], 're_'))).state).toBe('refunded');
});

test('an unattributed sale says that nobody is credited', async () => {
  const from = account.events.length;
  account.subscribe({ customer: account.customer({}), price: account.price({ amount: 3_000 }) });
  const events = account.events.slice(from);
  await site.stage.hearAll(events);
  const told = await trace(idIn(events, 'in_'));
  expect(told.summary.join('\n')).toMatch(/No commission: nobody is credited/);
  expect(told.transfers).toEqual([]);
});

test('an ignored event says why it has no effect', async () => {
  await site.stage.hear({
    body: JSON.stringify({
      id: 'evt_ignored',
      type: 'issuing_token.created',
      created: 1_767_600_000,
      livemode: true,
      data: { object: {} },
    }),
  });
  const told = await trace('evt_ignored');
  expect([told.kind, told.state, told.keys]).toEqual(['event', 'ignored', []]);
  expect(told.summary.join('\n')).toMatch(/ignored \(unhandled_type\)[^]*Nothing to do/);
  expect(told.events).toMatchObject([{ source: 'stripe', id: 'evt_ignored' }]);
});

test("a dialect's own key leads to its sale and to its refund", async () => {
  const sold = await site.post('/v1/conversions', {
    referral_id: 'ref_1',
    sale_amount: 10,
    external_event_id: 'order 7/ä',
  });
  await site.post(`/v1/conversions/${String(sold.body.data['id'])}/refund`, {
    amount: 4,
    external_event_id: 'back 7',
  });
  for (const [id, kind] of [
    ['order 7/ä', 'payment'],
    ['back 7', 'refund'],
  ] as const) {
    const told = await trace(id);
    expect(told.kind).toBe(kind);
    expect(told.conversions).toHaveLength(2);
  }
});

test('an id nobody heard of, of another world or workspace, is 404 with a hint', async () => {
  for (const [id, asked] of [
    ['in_nobody', {}],
    ['evt_nobody', {}],
    ['x', {}],
    ["'; DROP TABLE payments; --", {}],
    [idIn(paid, 'in_'), { key: site.test }],
    [idIn(paid, 'in_'), { key: other.live }],
    ['ref_1', { key: other.live }],
    [eventIdOf(paid[0] ?? ({ body: '{}' } as SimulatedEvent)), { key: other.live }],
  ] as const) {
    const { status, body } = await missing(id, asked);
    expect([id, status, body.error.code]).toEqual([id, 404, 'NOT_FOUND']);
    expect(body.error.message).toMatch(/nothing is known/i);
  }
});
