/** cases.md 6.1, rows 20 and 21: the same money by webhook and by API. */
import { expect, test } from 'vitest';
import type { SaleRequest } from '../../src/core/desk.ts';
import { isRefusal } from '../../src/core/refusals.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { standingLines } from '../../src/pipeline/verify.ts';
import { createAccount, type SimulatedPayment } from '../../src/simulator/account.ts';
import { saleRequest } from '../support/requests.ts';
import { translators, type Stage } from '../support/stage.ts';
import { callerOf, janeEarnsThirty, MONDAY, referred, theatre, type Family } from './theatre.ts';

const { scene, raise, database } = theatre();

const REQUEST = saleRequest('order 1', { referralId: 'ref_1', body: '{"sale_amount":100}' });

/** A call to sell that must be taken; the conversion it answers with. */
async function sell(stage: Stage, more: Partial<SaleRequest>, livemode = true) {
  const answer = await createDesk(stage.work, translators).sell(callerOf(stage, livemode), {
    ...REQUEST,
    ...more,
  });
  if (isRefusal(answer)) throw new Error(`${answer.refused}: ${answer.message}`);
  return answer;
}

/** A subscription by checkout with tax: 119.00, of which 100.00 may earn. */
function taxedSale(family: Family) {
  const account = createAccount({ family, seed: 7, startAt: MONDAY });
  const price = account.price({ amount: 10_000 });
  const sub = account.subscribe({
    customer: referred(account),
    price,
    tax: { percent: 19, inclusive: false },
  });
  return { events: account.events, payment: sub.firstPayment };
}

const ONE_SALE = ['sale 119.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'];

const NAMES: Readonly<Record<string, (payment: SimulatedPayment) => string>> = {
  invoice: ({ invoice }) => invoice?.id ?? '',
  'payment intent': ({ paymentIntent }) => paymentIntent ?? '',
  charge: ({ charge }) => charge ?? '',
};

for (const [name, idOf] of Object.entries(NAMES)) {
  scene(
    20,
    `a payment told by webhook and by API under its ${name} id is one sale, whenever the call comes`,
    async (family) => {
      const { events, payment } = taxedSale(family);
      const externalEventId = idOf(payment);
      const standings: string[][] = [];
      for (let before = 0; before <= events.length; before += 1) {
        const stage = await raise();
        await janeEarnsThirty(stage);
        await stage.hearAll(events.slice(0, before));
        // The caller reports what it knows, tax and all: Stripe's invoice is believed once it is there.
        const { conversion } = await sell(stage, { externalEventId, amount: 11_900n });
        await stage.hearAll(events.slice(before));
        await stage.drain();
        const found = { before, stands: await stage.tells(), waits: await stage.waiting() };
        expect(found).toEqual({ before, stands: ONE_SALE, waits: [] });
        // Its own id keeps answering for the caller, and a repeated call gets the one sale.
        const desk = createDesk(stage.work, translators);
        const [sale] = await stage.sales();
        expect(await desk.conversion(callerOf(stage), conversion.id)).toMatchObject({
          id: sale?.conversion_id,
          amount: 11_900n,
        });
        const again = await sell(stage, { externalEventId, amount: 11_900n });
        expect(again).toMatchObject({ replayed: true, conversion: { id: sale?.conversion_id } });
        expect(await stage.tells()).toEqual(ONE_SALE);
        standings.push((await standingLines(database().database, stage.workspace)).toSorted());
      }
      for (const standing of standings) expect(standing).toEqual(standings[0]);
    },
  );
}

scene(20, 'an API sale under an id of its own is a sale of its own', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  await stage.hearAll(taxedSale(family).events);
  await sell(stage, { occurredAt: (MONDAY + 3_600) * 1000 });
  expect(await stage.tells()).toEqual([
    'sale 119.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 60.00',
  ]);
});

scene(20, 'webhook and API at the same instant are one sale', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const { events, payment } = taxedSale(family);
  const calls = Array.from({ length: 5 }, () =>
    sell(stage, { externalEventId: payment.paymentIntent ?? '', amount: 11_900n }),
  );
  const answers = await Promise.all([...calls, ...events.map((event) => stage.hear(event))]);
  await stage.drain();
  expect(await stage.tells()).toEqual(ONE_SALE);
  expect(answers).toHaveLength(5 + events.length);
});

/** Payloads play no part in what a caller sends, so these have no families. */
test('case 21: a retry with the same id and the same money is answered with the same sale', async () => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const first = await sell(stage, {});
  const retries = await Promise.all(Array.from({ length: 10 }, () => sell(stage, {})));
  expect(first.replayed).toBe(false);
  for (const retry of retries) expect(retry).toMatchObject({ replayed: true, conversion: { id: first.conversion.id } });
  expect(await stage.ledger()).toEqual(['program -> payable 30.00 earned']);
});

test.each([
  ['amount', { amount: 10_001n }],
  ['currency', { currency: 'eur' }],
])(
  'case 21: a retry with another %s is refused with the hashes of both bodies, and changes nothing',
  async (_, more) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const { conversion } = await sell(stage, {});
    const before = [await stage.tells(), await stage.ledger(), await stage.inbox()];
    const body = '{"sale_amount":100.01}';
    const answer = await createDesk(stage.work, translators).sell(callerOf(stage), {
      ...REQUEST,
      ...more,
      body,
    });
    // sha256 of '{"sale_amount":100}' and '{"sale_amount":100.01}', by `printf %s … | sha256sum`.
    expect(answer).toMatchObject({
      refused: 'different_money',
      details: [
        { message: 'f1414f92921f31b1e8f5bebb03ca9092c127c9de981a3fcd6cff5c1feab48159' },
        { message: 'cedb0848f044691897a3cae73e4f8563192d111822e94b0d64281e6585e0a62c' },
      ],
    });
    expect([await stage.tells(), await stage.ledger(), await stage.inbox()]).toEqual(before);
    expect(await createDesk(stage.work, translators).conversion(callerOf(stage), conversion.id)).toMatchObject({
      amount: 10_000n,
      currency: 'usd',
    });
  },
);

test('case 21: of two concurrent calls with one id and different money one is taken and one refused', async () => {
  for (let round = 0; round < 5; round += 1) {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const desk = createDesk(stage.work, translators);
    const answers = await Promise.all(
      [10_000n, 20_000n].map((amount) => desk.sell(callerOf(stage), { ...REQUEST, amount })),
    );
    const taken = answers.filter((answer) => !isRefusal(answer));
    expect(taken).toHaveLength(1);
    expect(answers.find(isRefusal)).toMatchObject({ refused: 'different_money' });
    expect(await stage.sales()).toHaveLength(1);
  }
});

test('case 21: the same id in the test world is another sale', async () => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  await sell(stage, { occurredAt: MONDAY * 1000 });
  await sell(stage, { amount: 20_000n, occurredAt: MONDAY * 1000 }, false);
  expect(await stage.tells()).toEqual([
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'test sale 200.00 usd complete, base 200.00: jane 60.00 ready_for_payment',
    'jane usd: payable 30.00',
    'jane test usd: payable 60.00',
  ]);
});
