/**
 * `stripe trigger` and `stripe events resend` of the real CLI: its own recipes run against a shop that the simulator
 * plays, and what happens there comes to the endpoint through `stripe listen`.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyWorkspace } from '../../src/pipeline/verify.ts';
import { createAccount } from '../../src/simulator/account.ts';
import type { Family } from '../../src/simulator/family.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { openStripeCli, type StripeCli } from '../support/stripe-cli/cli.ts';
import { openShop } from '../support/stripe-cli/shop.ts';
import { pretendStripe, type PretendedStripe } from '../support/stripe-cli/stripe.ts';
import { createStage, translators, type Stage } from '../support/stage.ts';
import { furnish, openSite, SECRET, type Site } from '../web/site.ts';

let on: TestDatabase;
let site: Site;
let stripe: PretendedStripe;
let cli: StripeCli;
let workspaces = 0;

beforeAll(async () => {
  on = await createDatabase();
  site = await openSite(on);
});
/** Opens a Stripe whose objects are of one family, and a CLI that knows no other. */
async function open(family: Family): Promise<void> {
  const account = createAccount({ family, seed: 'trigger', startAt: 1_767_600_000, livemode: false });
  const clockSeconds = () => Math.floor(site.stage.clock.now / 1000);
  stripe = await pretendStripe({ secret: SECRET, shop: openShop(account), clockSeconds });
  cli = await openStripeCli(stripe.base);
}
afterEach(async () => {
  await cli.close();
  await stripe.close();
});
afterAll(async () => {
  await site.close();
  await on.drop();
});

/** How the recipe is told that jane brought the buyer: `--add` writes into one of its steps. */
const BUYER = 'customer:metadata.affonso_referral=ref_1';
const INTENT = 'payment_intent:metadata.affonso_referral=ref_1';
const SESSION = 'checkout_session:client_reference_id=ref_1';

function sale(amount: string, earned: string, currency = 'usd'): readonly string[] {
  return [
    `test sale ${amount} ${currency} complete, base ${amount}: jane ${earned} ready_for_payment`,
    `jane test ${currency}: payable ${earned}`,
  ];
}

/** The CLI's disputes are inquiries: known, but no money has moved back. */
function asked(inquiry: string): readonly string[] {
  const [sold = '', ...balances] = sale('1.00', '0.30');
  return [sold, `test dispute 1.00 usd ${inquiry}`, ...balances];
}

const REFUNDED = [
  'test sale 1.00 usd refunded, base 1.00: jane 0.30 - 0.30 refunded',
  'test refund 1.00 usd succeeded',
];

/** Recipes that bring money: what is to be added so that jane is credited, and what stands afterwards. */
const PAYING: readonly (readonly [event: string, add: string, stands: readonly string[]])[] = [
  ['invoice.paid', BUYER, sale('20.00', '6.00')],
  ['invoice.payment_succeeded', BUYER, sale('20.00', '6.00')],
  ['payment_intent.succeeded', INTENT, sale('20.00', '6.00')],
  ['charge.succeeded', INTENT, sale('1.00', '0.30')],
  ['charge.captured', INTENT, sale('20.00', '6.00')],
  ['charge.refunded', INTENT, REFUNDED],
  ['charge.refund.updated', INTENT, REFUNDED],
  ['charge.dispute.created', INTENT, asked('inquiry')],
  ['charge.dispute.updated', INTENT, asked('inquiry')],
  ['charge.dispute.closed', INTENT, asked('dropped')],
  ['checkout.session.completed', SESSION, sale('30.00', '9.00')],
  ['checkout.session.async_payment_succeeded', SESSION, sale('30.00', '9.00', 'eur')],
  ['customer.subscription.created', BUYER, sale('15.00', '4.50')],
  ['customer.subscription.updated', BUYER, sale('15.00', '4.50')],
  ['customer.subscription.deleted', BUYER, sale('15.00', '4.50')],
  ['customer.subscription.trial_will_end', BUYER, ['test sale 0.00 usd trialing, base 0.00 (trial)']],
  ['subscription.payment_succeeded', BUYER, sale('20.00', '6.00')],
];

/** Recipes without money: they come in, and nothing stands. */
const MONEYLESS: readonly (readonly [event: string, add: string | null])[] = [
  ['customer.created', BUYER],
  ['customer.updated', BUYER],
  ['customer.deleted', BUYER],
  ['payment_method.attached', BUYER],
  ['product.created', null],
  ['product.updated', null],
  ['product.deleted', null],
  ['price.created', null],
  ['price.updated', null],
  ['coupon.created', null],
  ['coupon.updated', null],
  ['coupon.deleted', null],
  ['promotion_code.created', null],
  ['promotion_code.updated', null],
  ['invoiceitem.created', BUYER],
  ['invoiceitem.deleted', BUYER],
  ['invoice.created', BUYER],
  ['invoice.updated', BUYER],
  ['invoice.deleted', BUYER],
  ['invoice.finalized', BUYER],
  ['invoice.voided', BUYER],
  ['invoice.marked_uncollectible', BUYER],
  ['credit_note.created', BUYER],
  ['credit_note.updated', BUYER],
  ['credit_note.voided', BUYER],
  ['checkout.session.async_payment_failed', SESSION],
];

/** The other recipes of the CLI, and why they are not played. */
const NOT_PLAYED: readonly (readonly [RegExp, why: string])[] = [
  [
    /^(account|balance|billing_portal|identity|issuing_\w+|payout|reporting|tax_rate|test_helpers|topup|v1)\./,
    'not about sales',
  ],
  [
    /^(plan|payment_link|quote|setup_intent|transfer|customer\.source)\.|^payment_method\.(updated|detached)$/,
    'objects that say nothing of money',
  ],
  [/cash_balance/, 'money before it pays anything'],
  [/^customer\.discount\./, 'coupons put on a customer: the simulator discounts subscriptions'],
  [/^subscription_schedule\.|^customer\.subscription\.paused$/, 'the simulator has no schedules and no pauses'],
  [
    /^(charge\.failed|(payment_intent|subscription|invoice)\.payment_failed|invoice\.payment_action_required)$/,
    'the CLI expects a card error, after which no money moves; async_payment_failed is played in their place',
  ],
  [
    /^payment_intent\.(created|canceled|processing|requires_action|partially_funded|amount_capturable_updated)$/,
    'intents that stop half-way: every intent of the shop is paid at once',
  ],
  [/^(checkout\.session\.expired|invoice\.sent)$/, 'the simulator neither lets sessions expire nor sends invoices'],
];

/** A workspace that only this recipe reaches. */
async function listening(): Promise<Stage> {
  const workspace = `recipe-${++workspaces}`;
  const stage = await createStage(on, { workspace });
  await furnish(stage);
  cli.run('listen', '--skip-update', '--all-snapshot', '--forward-to', `${site.url}/webhooks/stripe/${workspace}`);
  await stripe.listening();
  return stage;
}

async function triggered(event: string, add: string | null): Promise<void> {
  const trigger = cli.run('trigger', event, ...(add === null ? [] : ['--add', add]));
  const ended = await trigger.ended;
  expect(ended, trigger.stdout() + trigger.stderr()).toEqual({ code: 0, signal: null });
  await stripe.answered();
}

/** What the recipe leaves in a workspace of its own; everything it caused was answered with 200. */
async function played(event: string, add: string | null): Promise<Stage> {
  const stage = await listening();
  await triggered(event, add);
  expect(stripe.reported.filter(({ status }) => status !== 200)).toEqual([]);
  // subscription.payment_succeeded is named after no event of Stripe's.
  const type = event.replace(/^subscription\./, 'invoice.');
  expect((await stage.inbox()).map((row) => row.type)).toContain(type);
  // Money that may belong to an invoice waits for it before it counts alone.
  await stage.pass(1);
  expect(await stage.waiting()).toEqual([]);
  expect((await verifyWorkspace(on.database, translators, stage.workspace)).differences).toEqual([]);
  return stage;
}

describe.each(['old', 'basil'] as const)('money in the shapes of %s', (family) => {
  beforeEach(() => open(family));

  test.each(PAYING)('%s', { timeout: 60_000 }, async (event, add, stands) => {
    expect(await (await played(event, add)).tells()).toEqual(stands);
  });
});

describe('one family is enough', () => {
  beforeEach(() => open('basil'));

  test.each(MONEYLESS)('%s: nothing stands', { timeout: 60_000 }, async (event, add) => {
    expect(await (await played(event, add)).tells()).toEqual([]);
  });

  test('without a word of jane, the sale is nobody’s', { timeout: 60_000 }, async () => {
    expect(await (await played('invoice.paid', null)).tells()).toEqual([
      'test sale 20.00 usd complete, base 20.00 (unattributed)',
    ]);
  });

  test('`events resend` brings the same event again, and it is the same sale', { timeout: 60_000 }, async () => {
    const stage = await played('invoice.paid', BUYER);
    const paid = (await stage.inbox()).find(({ type }) => type === 'invoice.paid')?.event_key ?? '';
    const resend = cli.run('events', 'resend', paid);
    expect((await resend.ended).code, resend.stderr()).toBe(0);
    expect(JSON.parse(resend.stdout())).toMatchObject({ id: paid, type: 'invoice.paid' });
    await stripe.answered();
    const about = stripe.reported.filter(({ event }) => event === paid);
    expect(about.map(({ status }) => status)).toEqual([200, 200]);
    expect(about[1]?.body).toBe('{"received":true,"outcome":"duplicate"}');
    await stage.pass(1);
    expect(await stage.tells()).toEqual(sale('20.00', '6.00'));
  });

  test('every recipe of the CLI is played, or it is said why not', async () => {
    const help = cli.run('trigger', '--help');
    await help.ended;
    const known = [...help.stdout().matchAll(/^ {2}([a-z][\w.]+\.[\w.]+)$/gm)].map(([, name = '']) => name);
    expect(known).toContain('invoice.paid');
    const done = new Set([...PAYING, ...MONEYLESS].map(([event]) => event));
    expect([...done].filter((event) => !known.includes(event))).toEqual([]);
    expect(known.filter((event) => !done.has(event) && !NOT_PLAYED.some(([left]) => left.test(event)))).toEqual([]);
  });
});
