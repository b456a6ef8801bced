/** Test mode, the checks of a set-up, the rehearsal and the gates (apis.md 4.2; documents/004, "Test mode"). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { terms } from '../../support/stage.ts';
import type { Answer, Asked } from '../../web/site.ts';
import { DAY, openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene.close());

const TEST = { additional_data: { test_mode: true } };

/** Everything but what was told as a test. */
async function standing(): Promise<string> {
  const all = await scene.site.everything();
  return all
    .split('\n')
    .filter((line) => !line.startsWith('test_events'))
    .join('\n');
}

describe('test mode', () => {
  const DOCUMENTED: [string, Record<string, unknown>, Asked | undefined][] = [
    ['click', {}, { key: null }],
    ['lead', { click_id: 'test_lead_001', customer_key: 'test_customer' }, { key: null }],
    ['lead', {}, undefined],
    ['sale', {}, undefined],
    ['sale', { amount_cents: 9999, currency: 'USD', sale_type: 'payment' }, undefined],
    ['sale', { transaction_id: 'test_1', amount_cents: 9999, customer_key: 'nobody' }, undefined],
    ['refund', {}, undefined],
    ['refund', { transaction_id: 'test_1' }, undefined],
  ];

  test.each(DOCUMENTED)(
    '5.6 S4: %s with %j gets the test answer, and nothing else changes',
    async (what, body, asked) => {
      const before = await standing();
      for (const path of [`/api/v1/track/${what}`, `/api/tracking/${what}`]) {
        const answer = await scene.site.post(path, { ...body, ...TEST }, asked);
        expect(answer.status).toBe(200);
        expect(answer.body).toEqual({
          success: true,
          message: `Test ${what} event tracked successfully`,
          data: { eventId: expect.any(Number), programId: scene.number, test_mode: true },
        });
        const [kept] = await scene.stage.ask<{ kind: string }>(
          'SELECT kind FROM test_events WHERE workspace_id = $1 AND number = $2',
          [answer.body.data['eventId']],
        );
        expect(kept).toEqual({ kind: what });
      }
      expect(await standing()).toBe(before);
    },
  );

  test('of a real customer and a real sale: balances, figures and status stay as they are', async () => {
    const { key, clickId } = await scene.customer();
    await scene.sale({ transaction_id: 'real', customer_key: key });
    const figures = () => scene.site.get(`/api/tracking/performance/${scene.number}?period=all`);
    const events = () => scene.site.get(`/api/tracking/events/${scene.number}`);
    const before = [await standing(), (await figures()).text, (await events()).text];
    const body = { ...TEST, customer_key: key, click_id: clickId, transaction_id: 'real', amount_cents: 1 };
    for (const what of ['click', 'lead', 'sale', 'refund'])
      expect((await scene.track(what, { ...body, affiliate_url: 'https://x.example/?aff=max' })).status).toBe(200);
    expect([await standing(), (await figures()).text, (await events()).text]).toEqual(before);
  });

  test('belongs to the program that is named, by whoever may name it', async () => {
    await scene.stageOf('trial-elsewhere');
    const number = await scene.numberOf('trial-elsewhere');
    const named = { additional_data: { test_mode: true, program_id: String(number) } };
    for (const what of ['click', 'lead']) {
      const answer = await scene.track(what, named, { key: null });
      expect(answer.body.data).toMatchObject({ programId: number });
    }
    const kept = await scene.db.database.pool.query('SELECT 1 FROM test_events WHERE workspace_id = $1', [
      'trial-elsewhere',
    ]);
    expect(kept.rows).toHaveLength(2);
    const unknown = { additional_data: { test_mode: true, program_id: 99_999 } };
    for (const [what, body] of [
      ['click', unknown],
      ['lead', unknown],
      ['sale', named],
      ['refund', named],
    ] as const) {
      const answer = await scene.track(what, body);
      expect([answer.status, answer.body]).toEqual([400, { error: 'Program not found. Provide a valid program_id.' }]);
    }
  });

  test('needs the key that the real call needs', async () => {
    for (const what of ['sale', 'refund']) expect((await scene.track(what, TEST, { key: null })).status).toBe(401);
    expect((await scene.track('lead', TEST, { key: 'aff_wrong' })).status).toBe(401);
  });

  test.each([
    ['a flag in words', { test_mode: 'true' }, 200],
    ['false', { test_mode: false }, 400],
    ['null', { test_mode: null }, 400],
    ['anything else', { test_mode: 1 }, 400],
  ])('%s', async (_name, additional_data, status) => {
    expect((await scene.track('sale', { additional_data })).status).toBe(status);
  });

  test('of a program is kept a thousand times at most', async () => {
    await scene.stage.ask(
      `INSERT INTO test_events (workspace_id, program_id, kind, created_at)
       SELECT $1, $2, 'click', $3 FROM generate_series(1, 1500)`,
      [scene.stage.program, new Date(scene.stage.clock.now)],
    );
    await scene.track('refund', TEST);
    expect(await scene.count('test_events', 'NOT is_run')).toBe(1000);
    expect(await scene.count('test_events', `kind = 'refund'`)).toBeGreaterThan(0);
  });

  test('is forgotten after thirty days', async () => {
    await scene.track('refund', TEST);
    scene.stage.clock.now += 31 * DAY;
    await scene.track('refund', TEST);
    expect(await scene.count('test_events')).toBe(1);
  });
});

describe('the checks of a set-up', () => {
  const check = (body: unknown, asked?: Asked): Promise<Answer> =>
    scene.site.post('/api/tracking/check-test-events', body, asked);
  const tell = (body: unknown, asked?: Asked): Promise<Answer> => scene.site.post('/api/tracking/test', body, asked);

  beforeAll(() => scene.stage.ask('DELETE FROM test_events WHERE workspace_id = $1'));

  test('nothing has arrived yet', async () => {
    const answer = await check({ program_id: scene.number });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        success: true,
        data: {
          hasTestEvents: false,
          eventCount: 0,
          eventsByType: { click: 0, lead: 0, sale: 0 },
          latestTestEvent: null,
          programId: scene.number,
          advertiserId: scene.number,
          stepId: null,
        },
      },
    ]);
  });

  test.each([
    ['pageview', 'click'],
    ['referrals', 'lead'],
    ['payments', 'sale'],
  ])('an event of the step %s is a %s, and is found', async (step_id, kind) => {
    const answer = await tell({ program_id: scene.number, step_id });
    const event = {
      id: expect.any(Number),
      event_type: kind,
      timestamp: new Date(scene.stage.clock.now).toISOString(),
    };
    expect([answer.status, answer.body]).toEqual([
      200,
      { success: true, message: `Test ${kind} event tracked successfully`, testEvent: event },
    ]);
    const found = await check({ program_id: scene.number, step_id });
    const none = { click: 0, lead: 0, sale: 0 };
    expect(found.body.data).toEqual({
      hasTestEvents: true,
      eventCount: 1,
      eventsByType: { ...none, [kind]: 1 },
      latestTestEvent: answer.body['testEvent'],
      programId: scene.number,
      advertiserId: scene.number,
      stepId: step_id,
    });
  });

  test('without a step all three are counted, and what test mode told as well', async () => {
    const told = await scene.track('sale', TEST);
    const { data } = (await check({ program_id: String(scene.number) })).body;
    expect(data).toMatchObject({
      eventCount: 4,
      eventsByType: { click: 1, lead: 1, sale: 2 },
      latestTestEvent: { id: told.body.data['eventId'], event_type: 'sale' },
    });
  });

  test.each([
    ['an unknown step', { step_id: 'payouts' }, 'step_id must be pageview, referrals or payments'],
    [
      'a program of nobody',
      { step_id: 'pageview', program_id: 99_999 },
      'Program not found. Provide a valid program_id.',
    ],
  ])('%s is refused', async (_name, body, error) => {
    for (const call of [check, tell]) {
      const answer = await call({ program_id: scene.number, ...body });
      expect([answer.status, answer.body]).toEqual([400, { error }]);
    }
    expect((await tell({ program_id: scene.number })).body.error).toBe(
      'step_id must be pageview, referrals or payments',
    );
  });

  test('a program of another workspace is not known, and a key is needed', async () => {
    const number = await scene.numberOf('trial-elsewhere');
    for (const call of [check, tell]) {
      const answer = await call({ program_id: number, step_id: 'pageview' });
      expect(answer.body).toEqual({ error: 'Program not found. Provide a valid program_id.' });
      expect((await call({ program_id: scene.number, step_id: 'pageview' }, { key: null })).status).toBe(401);
    }
  });
});

describe('the rehearsal', () => {
  const run = (body: unknown, asked?: Asked): Promise<Answer> => scene.site.post('/api/v1/cli/test-event', body, asked);
  const tomorrow = (): void => {
    scene.stage.clock.now += DAY;
  };

  test('goes from click to sale by the workspace’s rules, and leaves only events of a test', async () => {
    tomorrow();
    const before = await standing();
    const answer = await run({ type: 'chain' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: {
        type: 'chain',
        short_code: `afftest${scene.number}`,
        customer_key: expect.stringMatching(new RegExp(`^aff_test_ck_${scene.number}_\\d+_\\w+$`)),
        verdict: { click: 'attributed', lead: 'attributed', sale: 'attributed' },
        attributed: true,
      },
    });
    expect(await standing()).toBe(before);
    expect(await scene.count('test_events', 'created_at = $2', new Date(scene.stage.clock.now))).toBe(3);
  });

  test('under rules that look across payments, and in a currency without a rate', async () => {
    tomorrow();
    await scene.stage.incentive('inc_first', terms('50', { applyTo: 'first', priority: 5 }));
    await scene.stage.settings({ currency: 'eur' });
    const { data } = (await run({ type: 'chain' })).body;
    expect(data).toMatchObject({ attributed: true });
    await scene.stage.settings({ currency: null });
  });

  test('the older shape keeps one event', async () => {
    tomorrow();
    for (const event_type of ['click', 'lead', 'sale']) {
      const answer = await run({ event_type });
      expect([answer.status, answer.body]).toEqual([
        200,
        {
          success: true,
          message: `Test ${event_type} event tracked successfully`,
          data: { eventId: expect.any(Number), programId: scene.number, test_mode: true },
        },
      ]);
    }
  });

  test('5.2 concurrency: of twenty runs at once ten are taken, the others are 429 in the agents’ shape', async () => {
    tomorrow();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => run(index % 2 === 0 ? { type: 'chain' } : { event_type: 'click' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    const late = answers.filter(({ status }) => status === 429);
    expect(late).toHaveLength(10);
    for (const { headers, body } of late) {
      expect(headers.get('retry-after')).toBe('3600');
      expect(body).toEqual({
        error: {
          status: 429,
          code: 'rate_limited',
          message: 'A program has 10 test runs an hour. Try again in 3600 s.',
          retry_after_seconds: 3600,
        },
      });
    }
    scene.stage.clock.now += 3_600_000;
    expect((await run({ type: 'chain' })).status).toBe(200);
  });

  test('is refused in the agents’ shape', async () => {
    tomorrow();
    for (const [body, message] of [
      [{}, 'Send type: "chain", or event_type: click, lead or sale.'],
      [{ event_type: 'refund' }, 'event_type must be click, lead or sale'],
      [{ type: 'all' }, 'type must be chain'],
    ] as const) {
      const answer = await run(body);
      expect([answer.status, answer.body]).toEqual([400, { error: { status: 400, code: 'invalid_request', message } }]);
    }
    const without = await run({ type: 'chain' }, { key: null });
    expect([without.status, without.body]).toEqual([
      401,
      { error: { status: 401, code: 'invalid_key', message: 'Missing or malformed Authorization header' } },
    ]);
    const wrong = await run({ type: 'chain' }, { key: 'aff_wrong' });
    expect(wrong.body.error).toEqual({ status: 401, code: 'invalid_key', message: 'Invalid API token' });
  });
});

describe('the gates', () => {
  const readiness = async (key: string) => {
    const answer = await scene.site.get('/api/v1/programs/me/readiness?force_recheck=true', { key });
    expect(answer.status).toBe(200);
    return answer.body;
  };

  test('open one after the other, from a draft to a live program', async () => {
    const other = await scene.stageOf('gates');
    const number = await scene.numberOf('gates');
    other.clock.now = scene.stage.clock.now;
    const { key } = await scene.site.keyFor(true, ['*'], 'gates');
    const asked: Asked = { key };
    expect(await readiness(key)).toEqual({
      program_id: number,
      state: 'draft',
      integration_verified: false,
      blocker: 'economics',
      gates: {
        profile: { status: 'pass' },
        economics: { status: 'fail', next_action: 'set_commission_policy' },
        payout: { status: 'pass', mode: 'manual' },
        tracking: {
          status: 'fail',
          next_action: 'approve_a_partner',
          checked_at: new Date(scene.stage.clock.now).toISOString(),
        },
        live: { status: 'fail', next_action: 'run_synthetic_sale_chain' },
      },
      last_event_at: { click: null, lead: null, sale: null },
      counts_24h: { clicks: 0, leads: 0, sales: 0 },
      key_rotated_at: null,
      poll: { retry_after_seconds: 5 },
    });
    await other.affiliate('gina');
    await other.incentive('inc_gates', terms('10'));
    expect(await readiness(key)).toMatchObject({
      state: 'configuring',
      blocker: 'tracking',
      gates: { tracking: { status: 'fail', next_action: 'install_tracker_or_send_events' } },
    });
    await scene.track('click', { additional_data: { test_mode: true, program_id: number } }, { key: null });
    expect(await readiness(key)).toMatchObject({
      state: 'ready',
      blocker: 'live',
      gates: { tracking: { status: 'pass', detail: 'receiving_events' } },
    });
    await scene.site.post('/api/v1/cli/test-event', { type: 'chain' }, asked);
    expect(await readiness(key)).toMatchObject({
      state: 'integration_verified',
      integration_verified: true,
      blocker: null,
      gates: { live: { status: 'pass', test_chain: { click: 'attributed', lead: 'attributed', sale: 'attributed' } } },
      last_event_at: { click: null, lead: null, sale: null },
      counts_24h: { clicks: 0, leads: 0, sales: 0 },
    });
    const clickId = await scene.click('gina', { program_id: number });
    await scene.lead({ click_id: clickId, customer_key: 'g1' }, asked);
    await scene.sale({ transaction_id: 'gates', customer_key: 'g1' }, asked);
    const at = new Date(scene.stage.clock.now).toISOString();
    expect(await readiness(key)).toMatchObject({
      state: 'live_verified',
      last_event_at: { click: at, lead: at, sale: at },
      counts_24h: { clicks: 1, leads: 1, sales: 1 },
    });
    scene.stage.clock.now += 2 * DAY;
    expect(await readiness(key)).toMatchObject({
      state: 'live_verified',
      last_event_at: { sale: at },
      counts_24h: { clicks: 0, leads: 0, sales: 0 },
    });
  });

  test('say when the key took another’s place', async () => {
    const { key, keyId } = await scene.site.keyFor(true, ['*'], 'gates');
    await scene.db.database.pool.query(
      `UPDATE api_keys SET rotated_from = 'key_old', created_at = '2026-01-01' WHERE key_id = $1`,
      [keyId],
    );
    expect((await readiness(key))['key_rotated_at']).toBe('2026-01-01T00:00:00.000Z');
  });

  test('are refused in the agents’ shape', async () => {
    const answer = await scene.site.get('/api/v1/programs/me/readiness', { key: null });
    expect([answer.status, answer.body]).toEqual([
      401,
      { error: { status: 401, code: 'invalid_key', message: 'Missing or malformed Authorization header' } },
    ]);
  });
});
