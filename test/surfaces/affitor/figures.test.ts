/** Events, days and the state of a set-up (apis.md 4.2, read endpoints). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { native } from '../../../src/surfaces/index.ts';
import { DAY, openScene, type Scene } from './scene.ts';

let scene: Scene;
const T0 = Date.UTC(2026, 2, 10, 22);

beforeAll(async () => {
  scene = await openScene();
  scene.stage.clock.now = T0;
});

afterAll(() => scene.close());

const iso = (moment: number): string => new Date(moment).toISOString();
const events = (query = '') => scene.site.get(`/api/tracking/events/${scene.number}${query}`);
const performance = (query = '') => scene.site.get(`/api/tracking/performance/${scene.number}${query}`);

type Event = Record<string, unknown>;
const rowsOf = ({ body }: { body: unknown }): Event[] => (body as { data: Event[] }).data;
const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';

describe('a program in which nothing happened', () => {
  test('has no events and days of zeros', async () => {
    expect((await events()).body).toEqual({
      data: [],
      meta: { pagination: { page: 1, pageSize: 10, pageCount: 0, total: 0 } },
    });
    const { status, body } = await performance();
    expect(status).toBe(200);
    const zero = { clicks: 0, leads: 0, conversions: 0, revenue: 0, partners: 0, sales: 0, commission: 0 };
    const days = ['04', '05', '06', '07', '08', '09', '10'].map((day) => `2026-03-${day}`);
    expect(body.data).toEqual(days.map((date) => ({ date, period: date, ...zero })));
    expect(body['meta']).toEqual({
      period: '7d',
      dateFrom: '2026-03-04T00:00:00.000Z',
      dateTo: '2026-03-10T23:59:59.999Z',
      previousPeriod: { dateFrom: '2026-02-25T00:00:00.000Z', dateTo: '2026-03-03T23:59:59.999Z' },
    });
    const stable = { trend: 0, trendDirection: 'stable' };
    expect(body['metrics']).toEqual({
      totalClicks: 0,
      totalLeads: 0,
      totalConversions: 0,
      totalRevenue: 0,
      conversionRate: 0,
      averageOrderValue: 0,
      totalPartners: 0,
      totalSales: 0,
      totalPartnersCommission: 0,
      ...Object.fromEntries(
        ['clicks', 'leads', 'conversions', 'revenue', 'partners', 'sales', 'commission'].map((name) => [
          `${name}Trend`,
          stable,
        ]),
      ),
    });
    const all = await performance('?period=all');
    expect(rowsOf(all)).toHaveLength(1);
  });
});

describe('a customer’s way', () => {
  let clickId: string;

  beforeAll(async () => {
    const page = 'https://shop.example/pricing?aff=jane';
    clickId = await scene.click('jane', {
      page_url: page,
      referrer_url: 'https://blog.example',
      session_id: 's1',
      user_agent: CHROME,
    });
    scene.stage.clock.now += 3 * 3_600_000;
    await scene.lead({
      click_id: clickId,
      customer_key: 'way',
      session_id: 's2',
      page_url: 'https://shop.example/join',
    });
    scene.stage.clock.now += DAY;
    const subscription = { sale_type: 'subscription', is_recurring: false, subscription_interval: 'monthly' };
    await scene.sale({ transaction_id: 'way 1', customer_key: 'way', amount_cents: 10_000, ...subscription });
    scene.stage.clock.now += DAY;
    await scene.sale({ transaction_id: 'way 2', customer_key: 'way', amount_cents: 5000 });
    await scene.track('refund', { transaction_id: 'way 2', refund_amount_cents: 1000 });
    await scene.sale({ transaction_id: 'way 3', customer_key: 'way', amount_cents: 300, currency: 'EUR' });
    await scene.track('click', { additional_data: { test_mode: true } });
  });

  test('is listed as events, the latest first, with the documented fields', async () => {
    const { status, body } = await events();
    expect(status).toBe(200);
    const sale = {
      event_type: 'conversion',
      click_id: clickId,
      currency: 'USD',
      payment_status: 'paid',
      sale_type: 'payment',
      is_recurring: false,
      id: expect.any(Number),
    };
    const [bought, led, clicked] = [T0 + 3 * 3_600_000 + DAY, T0 + 3 * 3_600_000, T0];
    const at = (moment: number) => ({ timestamp: iso(moment), createdAt: iso(moment) });
    const third = { ...sale, ...at(bought + DAY), amount_cents: 300, currency: 'EUR', processor_event_id: 'way 3' };
    const second = {
      ...sale,
      ...at(bought + DAY),
      amount_cents: 5000,
      payment_status: 'partially_refunded',
      processor_event_id: 'way 2',
    };
    const first = {
      ...sale,
      ...at(bought),
      amount_cents: 10_000,
      sale_type: 'subscription',
      processor_event_id: 'way 1',
    };
    expect(body).toEqual({
      data: [
        third,
        second,
        first,
        {
          id: expect.any(Number),
          event_type: 'lead',
          ...at(led),
          click_id: clickId,
          customer_key: 'way',
          session_id: 's2',
          page_url: 'https://shop.example/join',
          converted: true,
        },
        {
          id: expect.any(Number),
          event_type: 'click',
          ...at(clicked),
          click_id: clickId,
          session_id: 's1',
          page_url: 'https://shop.example/pricing?aff=jane',
          referrer_url: 'https://blog.example',
          geo_country: null,
          geo_region: null,
          geo_city: null,
          device_type: 'desktop',
          device_os: 'macOS',
          browser_name: 'Chrome',
          converted: true,
        },
      ],
      meta: { pagination: { page: 1, pageSize: 10, pageCount: 1, total: 5 } },
    });
  });

  test('in pages, by kind and between moments', async () => {
    const page = async (query: string) => {
      const answer = await events(query);
      const { pagination } = answer.body['meta'] as { pagination: Record<string, number> };
      return [rowsOf(answer).map(({ event_type }) => event_type), pagination['total'], pagination['pageCount']];
    };
    expect(await page('?pageSize=2&page=2')).toEqual([['conversion', 'lead'], 5, 3]);
    expect(await page('?pageSize=2&page=3')).toEqual([['click'], 5, 3]);
    expect(await page('?page=9')).toEqual([[], 5, 1]);
    expect(await page('?eventType=click')).toEqual([['click'], 1, 1]);
    expect(await page('?eventType=lead')).toEqual([['lead'], 1, 1]);
    expect(await page('?eventType=conversion&pageSize=1')).toEqual([['conversion'], 3, 3]);
    expect(await page('?dateTo=2026-03-10')).toEqual([['click'], 1, 1]);
    expect(await page('?dateFrom=2026-03-11T01:00:00Z&dateTo=2026-03-12T01:00:00.000Z')).toEqual([
      ['conversion', 'lead'],
      2,
      1,
    ]);
    expect(await page('?dateFrom=2026-04-01')).toEqual([[], 0, 0]);
    expect(await page('?pageSize=0&page=x')).toEqual([['conversion'], 5, 5]);
  });

  test('is summed by day in UTC, in major units of the workspace’s currency', async () => {
    const { body } = await performance();
    const day = (date: string) => rowsOf({ body }).find((row) => row['date'] === date);
    const common = { partners: 0, sales: 0 };
    expect(rowsOf({ body })).toHaveLength(7);
    expect(day('2026-03-10')).toMatchObject({ ...common, clicks: 1, leads: 0, conversions: 0, revenue: 0 });
    expect(day('2026-03-11')).toMatchObject({ ...common, clicks: 0, leads: 1, conversions: 0, revenue: 0 });
    expect(day('2026-03-12')).toMatchObject({ ...common, conversions: 1, revenue: 100, commission: 30 });
    expect(day('2026-03-13')).toMatchObject({ ...common, conversions: 0, revenue: 40, commission: 12 });
    expect(body['metrics']).toMatchObject({
      totalClicks: 1,
      totalLeads: 1,
      totalConversions: 1,
      totalRevenue: 140,
      conversionRate: 100,
      averageOrderValue: 140,
      totalSales: 3,
      totalPartnersCommission: 42,
      clicksTrend: { trend: 100, trendDirection: 'up' },
    });
  });

  test('over other spans, each against the equally long one before it', async () => {
    expect(rowsOf(await performance('?period=30d'))).toHaveLength(30);
    expect(rowsOf(await performance('?period=90d'))).toHaveLength(90);
    const all = await performance('?period=all');
    expect(rowsOf(all).map(({ date }) => date)).toEqual(['2026-03-10', '2026-03-11', '2026-03-12', '2026-03-13']);
    const own = await performance('?dateFrom=2026-03-13&dateTo=2026-03-13&period=90d');
    expect(own.body['meta']).toEqual({
      period: 'custom',
      dateFrom: '2026-03-13T00:00:00.000Z',
      dateTo: '2026-03-13T23:59:59.999Z',
      previousPeriod: { dateFrom: '2026-03-12T00:00:00.000Z', dateTo: '2026-03-12T23:59:59.999Z' },
    });
    expect(own.body['metrics']).toMatchObject({
      totalRevenue: 40,
      revenueTrend: { trend: 60, trendDirection: 'down' },
      salesTrend: { trend: 100, trendDirection: 'up' },
      leadsTrend: { trend: 0, trendDirection: 'stable' },
    });
    const hours = await performance('?dateFrom=2026-03-10T23:00:00Z&dateTo=2026-03-11T12:00:00Z');
    expect(rowsOf(hours)).toMatchObject([
      { date: '2026-03-10', clicks: 0 },
      { date: '2026-03-11', leads: 1 },
    ]);
  });

  test('partners are counted on the day they came', async () => {
    await scene.stage.ask(
      `UPDATE affiliates SET created_at = '2026-03-12T12:00:00Z' WHERE workspace_id = $1 AND affiliate_id = 'max'`,
    );
    const { body } = await performance();
    expect(
      rowsOf({ body })
        .filter(({ partners }) => partners === 1)
        .map(({ date }) => date),
    ).toEqual(['2026-03-12']);
  });

  test('a key of the test world sees its own sales, and no clicks', async () => {
    const asked = { key: scene.site.test };
    const found = await scene.site.get(`/api/tracking/events/${scene.number}`, asked);
    expect(rowsOf(found)).toEqual([]);
    expect((await scene.site.get(`/api/tracking/performance/${scene.number}`, asked)).body['metrics']).toMatchObject({
      totalClicks: 0,
      totalRevenue: 0,
    });
  });
});

const NO_MOMENT = (field: string): string =>
  `${field} must be an ISO 8601 date or time that exists, such as 2026-11-21T00:00:00Z`;

describe('what is refused', () => {
  test.each([
    ['events', '?eventType=sale', 'eventType must be click, lead or conversion'],
    ['events', '?dateFrom=yesterday', NO_MOMENT('dateFrom')],
    ['events', '?dateTo=2024-02-31', NO_MOMENT('dateTo')],
    ['events', '?dateFrom=2024-02-31T00:00:00Z', NO_MOMENT('dateFrom')],
    ['events', '?dateFrom=2024-01-01T24:00:00Z', NO_MOMENT('dateFrom')],
    ['events', '?dateFrom=7%20March%202026', NO_MOMENT('dateFrom')],
    ['performance', '?dateFrom=2023-02-29&dateTo=2023-03-01', NO_MOMENT('dateFrom')],
    ['performance', '?dateFrom=2023-02-01&dateTo=2023-02-29', NO_MOMENT('dateTo')],
    ['events', '?dateTo=0000-01-01', NO_MOMENT('dateTo')],
    ['events', '?dateTo=%2B100000-01-01', NO_MOMENT('dateTo')],
    ['performance', '?dateFrom=0001-01-01&dateTo=0001-01-02', NO_MOMENT('dateFrom')],
    ['performance', '?period=1y', 'period must be 7d, 30d, 90d or all'],
    ['performance', '?dateFrom=2026-01-01', 'dateFrom and dateTo must be sent together'],
    ['performance', '?dateFrom=2026-02-01&dateTo=2026-01-01', 'dateFrom must not be after dateTo'],
    ['performance', '?dateFrom=1990-01-01&dateTo=2026-01-01', 'a span has at most 3660 days'],
  ])('%s%s', async (what, query, error) => {
    const answer = await scene.site.get(`/api/tracking/${what}/${scene.number}${query}`);
    expect([answer.status, answer.body]).toEqual([400, { error }]);
  });

  test.each(['events', 'performance', 'status'])(
    '%s of a program of another workspace, of nobody, or without a key',
    async (what) => {
      await scene.stageOf(`figures-${what}`);
      for (const id of [await scene.numberOf(`figures-${what}`), `prog_figures-${what}`, 99_999, 'nonsense']) {
        const answer = await scene.site.get(`/api/tracking/${what}/${id}`);
        expect([answer.status, answer.body]).toEqual([404, { error: 'Program not found' }]);
      }
      const without = await scene.site.get(`/api/tracking/${what}/${scene.number}`, { key: null });
      expect([without.status, without.body]).toEqual([401, { error: 'Missing or malformed Authorization header' }]);
      expect((await scene.site.get(`/api/tracking/${what}/${scene.stage.program}`)).status).toBe(200);
    },
  );
});

describe('the state of a set-up', () => {
  const status = async () => (await scene.site.get(`/api/tracking/status/${scene.number}`)).body.data;

  test('follows what was told as tests and the Stripe account', async () => {
    await scene.stage.ask('DELETE FROM test_events WHERE workspace_id = $1');
    const nothing = { testEventCount: 0, hasTestEvents: false, latestTestEvent: null };
    expect(await status()).toEqual({
      programId: String(scene.number),
      stepStatuses: { pageview: 'pending', referrals: 'pending', payments: 'pending' },
      statistics: {
        pageview: nothing,
        referrals: nothing,
        payments: {
          stripeConnectionStatus: 'not_connected',
          isStripeConnected: false,
          stripeAccountId: null,
          chargesEnabled: false,
          payoutsEnabled: false,
          detailsSubmitted: false,
          connectionDate: null,
        },
      },
      hasPartners: true,
      lastUpdated: iso(scene.stage.clock.now),
    });
    for (let time = 0; time < 12; time += 1) await scene.track('click', { additional_data: { test_mode: true } });
    const lead = await scene.track('lead', { additional_data: { test_mode: true } });
    const { key } = await scene.site.keyFor(true, ['*'], 'default', native.keys);
    expect((await scene.site.post('/v1/stripe/accounts', { account_id: 'acct_1' }, { key })).status).toBe(201);
    const at = iso(scene.stage.clock.now);
    expect(await status()).toMatchObject({
      stepStatuses: { pageview: 'complete', referrals: 'complete', payments: 'complete' },
      statistics: {
        pageview: { testEventCount: 10, hasTestEvents: true },
        referrals: {
          testEventCount: 1,
          latestTestEvent: { id: lead.body.data['eventId'], timestamp: at, createdAt: at },
        },
        payments: { stripeConnectionStatus: 'connected', isStripeConnected: true, stripeAccountId: 'acct_1' },
      },
    });
  });
});
