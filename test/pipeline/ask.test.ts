/** How questions are asked: leases, pauses, refusals, fairness. What answers lead to is told in stories/asking.test.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { askNext, type Asking } from '../../src/pipeline/ask.ts';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createAccount, type SimulatedAccount } from '../../src/simulator/account.ts';
import { priceObject } from '../../src/simulator/objects.ts';
import { createDatabase } from '../support/database.ts';
import {
  broken,
  forbidden,
  limited,
  locked,
  startFakeStripe,
  unauthorized,
  type FakeStripe,
  type Fault,
} from '../support/fake-stripe/index.ts';
import type { TestDatabase } from '../support/server.ts';
import { askingAt, createStage, terms, translators, type Stage } from '../support/stage.ts';

const MONDAY = 1_767_600_000;

let db: TestDatabase;
let account: SimulatedAccount;
let fake: FakeStripe;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  account = createAccount({ seed: 'ask', startAt: MONDAY, family: 'basil' });
  fake = await startFakeStripe(account);
});
// Each test has the queue of questions for itself.
afterEach(async () => {
  await fake.stop();
  await db.database.pool.query('DELETE FROM questions');
});

async function raise(more: Partial<Asking> = {}): Promise<Stage & { readonly asking: Asking }> {
  const stage = await createStage(db, { asking: { ...askingAt(fake.url), ...more } });
  if (!stage.asking) throw new Error('somebody answers');
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_month', terms('30', { interval: 'monthly' }));
  return { ...stage, asking: stage.asking };
}

/** One sale of each of so many prices that nobody announced: as many questions. */
async function sell(stage: Stage, number: number): Promise<void> {
  const before = account.events.length;
  for (let index = 0; index < number; index += 1) {
    const price = account.price({ amount: 1_000, silent: true });
    fake.put(priceObject(price));
    const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
    account.invoice({ customer, lines: [{ amount: 1_000, price }], hasMore: false });
  }
  const told = account.events
    .slice(before)
    .filter(({ type }) => type === 'invoice.paid' || type === 'customer.created');
  await stage.hearAll(told);
}

const count = async (stage: Stage, state: string): Promise<number> =>
  (await stage.questions()).filter((one) => one.state === state).length;

/** As the worker's loop does, a second at a time, until nothing is open. Returns the seconds it took. */
async function untilAnswered(stage: Stage, most = 600): Promise<number> {
  for (let seconds = 0; ; seconds += 1) {
    if ((await count(stage, 'answered')) === (await stage.questions()).length) return seconds;
    if (seconds >= most) throw new Error(JSON.stringify(await stage.questions()));
    await stage.wait(1);
  }
}

test.each<[string, Fault]>([
  ['with Retry-After', limited(2)],
  ['without Retry-After', limited()],
  ['of locked objects', locked],
])('a storm of 429 %s ends in answers, and no try is counted against a question', async (_, fault) => {
  const stage = await raise();
  await sell(stage, 30);
  let requests = 0;
  fake.weather.of = () => ((requests += 1) % 3 === 0 ? null : fault);
  await untilAnswered(stage);
  const questions = await stage.questions();
  expect(questions.length).toBe(30);
  expect(new Set(questions.map(({ attempts }) => attempts))).toEqual(new Set([1]));
  expect(await stage.balance('jane')).toMatchObject({ payable: 9_000n });
  expect((await verifyWorkspace(db.database, translators, stage.workspace)).equal).toBe(true);
});

test('a limited account rests as long as it was told to', async () => {
  const stage = await raise();
  await sell(stage, 6);
  fake.weather.of = () => limited(7);
  await stage.wait(3);
  const sent = fake.heard.length;
  // What was under way when the first answer came, and nothing after it.
  expect(sent).toBeLessThanOrEqual(4);
  fake.weather.of = () => null;
  await stage.wait(6);
  expect(fake.heard.length).toBe(sent);
  await stage.wait(2);
  expect(fake.heard.length).toBe(sent + 6);
});

test('a broken API is asked again ever more slowly, for as long as it takes', async () => {
  const stage = await raise();
  await sell(stage, 1);
  fake.weather.of = () => broken;
  for (let minute = 0; minute < 24 * 60; minute += 5) await stage.wait(300);
  const sent = fake.heard.length;
  expect(sent).toBeGreaterThan(90);
  expect(sent).toBeLessThan(220);
  expect(await count(stage, 'open')).toBe(1);
  fake.weather.of = () => null;
  await untilAnswered(stage, 1_000);
});

test('a key that is refused is not used for an hour, and then again', async () => {
  const refused: string[] = [];
  const stage = await raise({
    onRefused: ({ workspace }, { message }) => void refused.push(`${workspace}: ${message}`),
  });
  await sell(stage, 20);
  fake.weather.of = () => unauthorized;
  await stage.wait(3);
  const sent = fake.heard.length;
  expect(sent).toBeLessThanOrEqual(4);
  expect(refused).toEqual(Array.from({ length: sent }, () => `${stage.workspace}: ${unauthorized.message}`));
  expect(await count(stage, 'refused')).toBe(sent);
  fake.weather.of = () => null;
  await stage.wait(3_590);
  expect(fake.heard.length).toBe(sent);
  await stage.wait(11);
  await untilAnswered(stage);
});

test('a permission that is missing closes only the questions that need it', async () => {
  const stage = await raise();
  await sell(stage, 2);
  account.checkoutPayment({ amount: 5_000, customer: account.customer() });
  await stage.hearAll(account.events.filter(({ type }) => type === 'checkout.session.completed'));
  fake.weather.of = ({ path }) => (path.startsWith('/v1/prices') ? forbidden : null);
  await stage.wait(30);
  const states = (await stage.questions()).map(({ kind, state }) => `${kind} ${state}`);
  expect(states.toSorted()).toEqual(['checkout_session answered', 'price refused', 'price refused']);
});

test('what does not exist is not asked for again', async () => {
  const stage = await raise();
  await sell(stage, 1);
  fake.weather.of = () => ({
    status: 404,
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: 'No such price',
  });
  await stage.pass(2);
  expect(await stage.questions()).toMatchObject([{ state: 'missing', reason: 'not_found' }]);
  expect(fake.heard.length).toBe(1);
});

test('a question that Stripe does not take is given up at last', async () => {
  const stage = await raise();
  await sell(stage, 1);
  fake.weather.of = () => ({ status: 400, type: 'invalid_request_error', message: 'Invalid string: price' });
  for (let hour = 0; hour < 12; hour += 1) await stage.wait(1_000);
  for (let hour = 0; hour < 12; hour += 1) await stage.wait(3_600);
  expect(await stage.questions()).toMatchObject([{ state: 'missing', reason: 'Invalid string: price', attempts: 12 }]);
});

test('an answer that cannot be read is a failed event that everybody can see', async () => {
  const stage = await raise();
  await sell(stage, 1);
  const [question] = await stage.questions();
  fake.put({ id: question?.id ?? '', object: 'price', created: MONDAY, recurring: 'monthly' });
  await stage.wait(3);
  expect(await stage.questions()).toMatchObject([{ state: 'answered' }]);
  const failures = (await stage.inbox()).filter(({ type }) => type === 'answer.price');
  expect(failures).toMatchObject([{ state: 'pending' }]);
  expect(failures[0]?.reason).toContain('data.object.recurring');
});

test('the backlog of one workspace does not hold up another', async () => {
  const [large, small] = [await raise(), await raise()];
  await sell(large, 40);
  await sell(small, 1);
  large.clock.now += 3_000;
  // One round of a worker that answers for both.
  const respondent = askingAt(fake.url).respondent(small.workspace, true, '');
  await askNext(large.work, { ...small.asking, respondent: () => respondent });
  expect(await count(small, 'answered')).toBe(1);
  expect(await count(large, 'answered')).toBe(8);
});

test('an account without a key waits, and is asked when there is one', async () => {
  const known = askingAt(fake.url);
  let hasKey = false;
  const stage = await raise({ respondent: (...of) => (hasKey ? known.respondent(...of) : null) });
  await sell(stage, 1);
  await stage.wait(30);
  expect(await stage.questions()).toMatchObject([{ state: 'open', reason: 'no_key', attempts: 0 }]);
  hasKey = true;
  await stage.wait(61);
  expect(await count(stage, 'answered')).toBe(1);
});

test('without a key nothing is written down to be asked', async () => {
  const stage = await createStage(db);
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
  await stage.incentive('inc_month', terms('30', { interval: 'monthly' }));
  await sell(stage, 1);
  expect(await stage.questions()).toEqual([]);
});

test('a question that is asked for again stays as it stands', async () => {
  const stage = await raise();
  const price = account.price({ amount: 1_000, silent: true });
  const customer = account.customer({ metadata: { affonso_referral: 'ref_1' } });
  const sold = (): unknown => account.invoice({ customer, lines: [{ amount: 1_000, price }] });
  const hear = async (): Promise<void> =>
    stage.hearAll(account.events.filter(({ type }) => /^(customer|invoice\.paid)/.test(type)));
  sold();
  await hear();
  await stage.wait(3);
  expect(await stage.questions()).toMatchObject([{ state: 'missing' }]);
  sold();
  sold();
  await hear();
  await stage.wait(60);
  expect(await stage.questions()).toMatchObject([{ state: 'missing', attempts: 1 }]);
});
