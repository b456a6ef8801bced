/** Currencies (cases.md 61, 62): a sale waits for its rate, is converted once, and no later rate touches it. */
import { expect } from 'vitest';
import { createAccount } from '../../src/simulator/account.ts';
import { terms, type Stage } from '../support/stage.ts';
import { janeBroughtOne, MONDAY, referred, theatre, type Family } from './theatre.ts';

const { scene, raise } = theatre();

/** jane brought `ref_1` and earns 30 % of everything, in dollars. */
async function inDollars(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_all', terms('30'));
  await stage.settings({ currency: 'usd' });
}

const euros = (family: Family, amount = 10_000, currency = 'eur') => {
  const account = createAccount({ seed: 7, startAt: MONDAY, family });
  const sub = account.subscribe({ customer: referred(account), price: account.price({ amount, currency }) });
  return { account, sub };
};

const PARKED = [expect.stringMatching(/parked no_exchange_rate$/)];

scene(61, 'a sale in another currency is converted at the rate of its day and keeps its own amount', async (family) => {
  const { account } = euros(family);
  for (const hear of ['as it happened', 'backwards'] as const) {
    const stage = await raise();
    await inDollars(stage);
    expect(await stage.rate('eur', 'usd', '2026-01-05', '1.0873')).toBe(1);
    await stage.hearAll(hear === 'backwards' ? account.events.toReversed() : account.events);
    await stage.drain();
    expect(await stage.tells()).toEqual([
      'sale 100.00 eur complete, base 100.00: jane 32.62 ready_for_payment',
      'jane usd: payable 32.62',
    ]);
    const [commission] = await stage.commissions();
    expect(commission).toMatchObject({ currency: 'usd', base: 10_873n, earned: 3262n });
    const [sale] = await stage.sales();
    expect(JSON.stringify(sale?.explanation)).toContain('1 EUR = 10873/10000 USD (test)');
  }
});

scene(61, 'a weekend is converted at the rate of Friday, and a rate older than a week at none', async (family) => {
  const { account } = euros(family);
  const stage = await raise();
  await inDollars(stage);
  await stage.rate('eur', 'usd', '2025-12-28', '2');
  await stage.hearAll(account.events);
  expect(await stage.commissions()).toEqual([]);
  await stage.rate('eur', 'usd', '2026-01-02', '1.1');
  expect(await stage.balance('jane')).toMatchObject({ payable: 3300n });
});

scene(
  62,
  'a sale without a rate is parked with its reason, keeps its number, and is decided when the rate comes',
  async (family) => {
    const { account, sub } = euros(family);
    account.renew(sub);
    const stage = await raise();
    await inDollars(stage);
    await stage.hearAll(account.events);
    await stage.drain();
    // Two sales of one pair, and each event of them more than once: they all meet at the pair.
    await stage.hearAll(account.events);
    expect(await stage.tells()).toEqual([
      'sale 100.00 eur complete, base 100.00 (no_exchange_rate)',
      'sale 100.00 eur complete, base 100.00 (no_exchange_rate)',
    ]);
    expect(await stage.waiting()).toEqual(expect.arrayContaining(PARKED));
    expect(await stage.rate('gbp', 'usd', '2026-01-05', '1.3')).toBe(1);
    expect(await stage.commissions()).toEqual([]);
    await stage.rate('eur', 'usd', '2026-01-05', '1.0873');
    await stage.rate('eur', 'usd', '2026-02-05', '1.5');
    expect(await stage.waiting()).toEqual([]);
    const stands = [
      'sale 100.00 eur complete, base 100.00: jane 32.62 ready_for_payment',
      'sale 100.00 eur complete, base 100.00: jane 45.00 ready_for_payment',
      'jane usd: payable 77.62',
    ];
    expect(await stage.tells()).toEqual(stands);
    // Later rates, also of nearer days, and the same events again change nothing.
    await stage.rate('eur', 'usd', '2026-02-04', '9');
    await stage.hearAll(account.events.toReversed());
    await stage.pass(40);
    expect(await stage.tells()).toEqual(stands);
  },
);

scene(62, 'a rate that is given while sales arrive leaves none of them waiting', async (family) => {
  const stage = await raise();
  await inDollars(stage);
  const account = createAccount({ seed: 7, startAt: MONDAY, family });
  const groups = Array.from({ length: 6 }, (_, index) =>
    account.during(() => {
      const customer = referred(account, `b${index}@customer.example`);
      account.subscribe({ customer, price: account.price({ amount: 10_000, currency: 'eur' }) });
    }),
  );
  await Promise.all([...groups.map((events) => stage.hearAll(events)), stage.rate('eur', 'usd', '2026-01-05', '1.1')]);
  await stage.drain();
  expect(await stage.waiting()).toEqual([]);
  expect(await stage.balance('jane')).toMatchObject({ payable: 6n * 3300n });
});

scene(62, 'a process that dies between the rate and its payments leaves them to the worker', async (family) => {
  const { account } = euros(family);
  const stage = await raise();
  await inDollars(stage);
  await stage.hearAll(account.events);
  await stage.rate('eur', 'usd', '2026-01-05', '1.1', { decides: false });
  expect(await stage.commissions()).toEqual([]);
  await stage.drain();
  expect(await stage.balance('jane')).toMatchObject({ payable: 3300n });
});

scene(62, 'a refund takes back at the rate the sale was converted by', async (family) => {
  const { account, sub } = euros(family);
  const stage = await raise();
  await inDollars(stage);
  await stage.rate('eur', 'usd', '2026-01-05', '1.0873');
  await stage.hearAll(account.events);
  await stage.rate('eur', 'usd', '2026-01-06', '1.9');
  account.advance({ days: 2 });
  const [first] = sub.payments;
  if (!first) throw new Error('a subscription has a first payment');
  account.refund(first, { amount: 5_000 });
  await stage.hearAll(account.events);
  expect(await stage.balance('jane')).toMatchObject({ payable: 1631n });
  account.refund(first, { amount: 5_000 });
  await stage.hearAll(account.events);
  expect(await stage.balance('jane')).toMatchObject({ payable: 0n });
});

scene(61, 'yen have no decimals and dinars three, on both sides of a rate', async (family) => {
  for (const [currency, amount, rate, earned] of [
    // 10,000 yen at 0.0064 are 64.00 dollars, 10.000 dinars at 3.25 are 32.50.
    ['jpy', 10_000, '0.0064', 1920n],
    ['kwd', 10_000, '3.25', 975n],
  ] as const) {
    const { account } = euros(family, amount, currency);
    const stage = await raise();
    await inDollars(stage);
    await stage.rate(currency, 'usd', '2026-01-05', rate);
    await stage.hearAll(account.events);
    expect(await stage.balance('jane')).toMatchObject({ payable: earned });
  }
  const { account } = euros(family, 10_000, 'usd');
  for (const [currency, rate, earned] of [
    ['jpy', '150.5', 4515n],
    ['kwd', '0.307', 9210n],
  ] as const) {
    const stage = await raise();
    await janeBroughtOne(stage);
    await stage.incentive('inc_all', terms('30', { currency }));
    await stage.settings({ currency });
    await stage.rate('usd', currency, '2026-01-05', rate);
    await stage.hearAll(account.events);
    expect(await stage.balance('jane', currency)).toMatchObject({ payable: earned });
  }
});

scene(
  62,
  'under a cap, the rate of an earlier sale that comes late lowers what the later one earned',
  async (family) => {
    const { account, sub } = euros(family);
    account.renew(sub);
    const stage = await raise();
    await janeBroughtOne(stage);
    await stage.incentive('inc_cap', terms('30', { maxAmount: 4_000n }));
    await stage.settings({ currency: 'usd' });
    await stage.hearAll(account.events);
    await stage.rate('eur', 'usd', '2026-02-05', '1');
    expect((await stage.commissions()).map(({ earned }) => earned)).toEqual([3000n]);
    await stage.rate('eur', 'usd', '2026-01-05', '1');
    expect((await stage.commissions()).map(({ earned }) => earned)).toEqual([3000n, 1000n]);
  },
);

scene(62, 'many rates given while many sales arrive, again and again, leave nobody waiting', async (family) => {
  const stage = await raise();
  await inDollars(stage);
  const account = createAccount({ seed: 7, startAt: MONDAY, family });
  const currencies = ['eur', 'gbp', 'chf', 'sek'];
  const groups = Array.from({ length: 16 }, (_, index) =>
    account.during(() => {
      const customer = referred(account, `b${index}@customer.example`);
      account.subscribe({
        customer,
        price: account.price({ amount: 10_000, currency: currencies[index % 4] ?? 'eur' }),
      });
    }),
  );
  await Promise.all([
    ...groups.map((events) => stage.hearAll(events)),
    ...currencies.map((currency) => stage.rate(currency, 'usd', '2026-01-05', '1.1')),
    ...currencies.map((currency) => stage.rate(currency, 'usd', '2026-01-04', '1.2')),
  ]);
  await stage.drain();
  expect(await stage.waiting()).toEqual([]);
  expect(await stage.commissions()).toHaveLength(16);
});

scene(
  62,
  'a sale that was read before the rate was given and written after it does not wait for ever',
  async (family) => {
    const { account } = euros(family);
    const stage = await raise();
    await inDollars(stage);
    await stage.hearAll(account.events.filter(({ type }) => type === 'customer.created'));
    const { rules } = stage.work;
    let given = false;
    // Rules are asked for between reading and writing: there the rate comes, once the sale itself is at hand.
    Object.assign(stage.work, {
      rules: {
        async of(workspace: string, version: number) {
          const known = await rules.of(workspace, version);
          if (!given) {
            given = true;
            await stage.rate('eur', 'usd', '2026-01-05', '1.1');
          }
          return known;
        },
      },
    });
    const [paid] = account.events.filter(({ type }) => type === 'invoice.paid');
    if (!paid) throw new Error('a subscription has a paid invoice');
    await stage.hear(paid);
    expect(given).toBe(true);
    expect(await stage.waiting()).toEqual([]);
    expect(await stage.balance('jane')).toMatchObject({ payable: 3300n });
  },
);
