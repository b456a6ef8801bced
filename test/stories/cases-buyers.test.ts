/** cases.md 6.2, rows 55 to 57 and 65, and 6.3, rows 75, 77 and 78: who buys, who sent them, and who wants to be left out. */
import { expect } from 'vitest';
import { createAccount, type SimulatedAccount, type SimulatedSubscription } from '../../src/simulator/account.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { terms, translators, type Stage } from '../support/stage.ts';
import { callerOf, janeEarnsThirty, lead, MONDAY, referred, theatre, wordsOf } from './theatre.ts';

const { story, scene, raise } = theatre();

const HUNDRED = ['sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment', 'jane usd: payable 30.00'];
const NOBODYS = ['sale 100.00 usd complete, base 100.00 (unattributed)'];
const EMAIL = 'guest@customer.example';

for (const [where, carried] of [
  ['the session', { metadata: { affonso_referral: 'ref_1' } }],
  ['the client reference', { clientReferenceId: 'ref_1' }],
  ['the payment intent', { paymentMetadata: { affonso_referral: 'ref_1' } }],
] as const) {
  story(55, `a guest is credited by ${where}`, {
    play: (account) => account.checkoutPayment({ customer: null, email: EMAIL, amount: 10_000, ...carried }),
    days: 1,
    stands: HUNDRED,
  });
}

story(55, 'a guest without any sign is credited by the e-mail of a sign-up', {
  play: (account) => account.checkoutPayment({ customer: null, email: EMAIL.toUpperCase(), amount: 10_000 }),
  said: () => [lead('ref_1', EMAIL, MONDAY - 3_600)],
  days: 1,
  stands: HUNDRED,
  async also({ stage }, payment) {
    expect(await wordsOf(stage, payment.paymentIntent)).toContain(
      'Credited because the customer is credited to the referral (ref_1).',
    );
  },
});

story(55, 'a guest whom nothing leads to is recorded as unattributed', {
  play: (account) => account.checkoutPayment({ customer: null, email: EMAIL, amount: 10_000 }),
  days: 1,
  stands: NOBODYS,
});

story(55, 'a guest without even an e-mail is recorded as unattributed', {
  play: (account) => account.checkoutPayment({ customer: null, email: null, amount: 10_000 }),
  days: 1,
  stands: NOBODYS,
});

story(56, 'an account of Accounts v2 is the buyer where there is no customer', {
  // Older versions know no accounts.
  families: ['basil'],
  play(account) {
    const buyer = { customer: null, customerAccount: 'acct_Buyer1' };
    account.checkoutPayment({ ...buyer, amount: 10_000, clientReferenceId: 'ref_1', invoiceCreation: true });
    account.advance({ days: 30 });
    // Nothing but the account leads to jane.
    account.invoice({ customerAccount: 'acct_Buyer1', lines: [{ amount: 5_000 }] });
  },
  days: 1,
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 50.00 usd complete, base 50.00: jane 15.00 ready_for_payment',
    'jane usd: payable 45.00',
  ],
});

story(57, 'sales of a customer who was deleted stay credited, later ones too', {
  play(account) {
    const customer = referred(account);
    const sub = account.subscribe({ customer, price: account.price({ amount: 10_000 }) });
    account.advance({ days: 2 });
    account.deleteCustomer(customer);
    account.invoice({ customer, lines: [{ amount: 5_000 }] });
    account.advance({ days: 2 });
    account.refund(sub.firstPayment, { amount: 5_000 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'sale 50.00 usd complete, base 50.00: jane 15.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 30.00',
  ],
});

const OUT = { no_commission: 'true' };

/** A month of a subscription, with metadata where the story puts it. */
function month(account: SimulatedAccount, more: Partial<Parameters<SimulatedAccount['subscribe']>[0]> = {}) {
  const price = account.price({ amount: 10_000 });
  return account.subscribe({ customer: referred(account), price, ...more });
}

for (const [carrier, more] of [
  ['subscription', { subscriptionMetadata: OUT }],
  ['invoice', { invoiceMetadata: OUT }],
  ['charge', { paymentMetadata: OUT }],
] as const) {
  story(65, `an opt-out on the ${carrier} leaves the payment out, and says so`, {
    play: (account) => month(account, more).firstPayment,
    stands: [`sale 100.00 usd complete, base 100.00 (opted_out_on_${carrier})`],
    async also({ stage }, payment) {
      expect(await wordsOf(stage, payment.invoice?.id)).toContain(
        `No commission: the metadata of the ${carrier} asks to leave it out.`,
      );
      expect((await stage.sales())[0]?.affiliate_id).toBe('jane');
    },
  });
}

story(65, 'an opt-out on the customer leaves every payment of theirs out', {
  play(account) {
    const customer = account.customer({ metadata: { affonso_referral: 'ref_1', ...OUT } });
    const sub = month(account, { customer });
    account.renew(sub);
    account.advance({ days: 1 });
    account.paymentIntent({ customer, amount: 5_000 });
  },
  days: 1,
  stands: [
    'sale 100.00 usd complete, base 100.00 (opted_out_on_customer)',
    'sale 100.00 usd complete, base 100.00 (opted_out_on_customer)',
    'sale 50.00 usd complete, base 50.00 (opted_out_on_customer)',
  ],
  ledger: [],
});

const FIRST_ONLY = [
  'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
  'sale 100.00 usd complete, base 100.00 (opted_out_on_customer)',
  'jane usd: payable 30.00',
];

story(65, 'asked for later on the customer it takes nothing back, and holds from then on', {
  play(account) {
    const customer = referred(account);
    const sub = month(account, { customer });
    account.advance({ days: 5 });
    account.updateCustomer(customer, { metadata: { ...customer.metadata, ...OUT } });
    account.renew(sub);
  },
  stands: FIRST_ONLY,
  ledger: ['program -> payable 30.00 earned'],
});

story(65, 'taken back on the customer, later payments earn again', {
  play(account) {
    const customer = account.customer({ metadata: { affonso_referral: 'ref_1', ...OUT } });
    const sub = month(account, { customer });
    account.advance({ days: 5 });
    account.updateCustomer(customer, { metadata: { affonso_referral: 'ref_1' } });
    account.renew(sub);
  },
  stands: [
    'sale 100.00 usd complete, base 100.00 (opted_out_on_customer)',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 30.00',
  ],
});

/** A subscription whose metadata changes between two months. */
const edited = (before: Record<string, string>, after: Record<string, string>) => (account: SimulatedAccount) => {
  const sub: SimulatedSubscription = month(account, { subscriptionMetadata: before });
  account.advance({ days: 5 });
  account.editSubscription(sub, after);
  account.renew(sub);
};

story(65, 'asked for later on the subscription it holds for its next invoices', {
  play: edited({}, OUT),
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00 (opted_out_on_subscription)',
    'jane usd: payable 30.00',
  ],
});

story(65, 'taken back on the subscription its next invoices earn', {
  play: edited(OUT, {}),
  stands: [
    'sale 100.00 usd complete, base 100.00 (opted_out_on_subscription)',
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'jane usd: payable 30.00',
  ],
});

story(65, 'asked for later on the charge it takes the commission of that payment back', {
  play(account) {
    const { firstPayment } = month(account);
    account.advance({ days: 5 });
    account.editCharge(firstPayment, OUT);
  },
  stands: ['sale 100.00 usd complete, base 100.00 (opted_out_on_charge)'],
  ledger: ['program -> payable 30.00 earned', 'payable -> program 30.00 withdrawn'],
});

story(65, 'taken back on the charge its payment earns after all', {
  play(account) {
    const { firstPayment } = month(account);
    account.advance({ days: 5 });
    account.editCharge(firstPayment, OUT);
    account.advance({ days: 5 });
    account.editCharge(firstPayment, {});
  },
  stands: HUNDRED,
});

story(65, 'a word that says no is no opt-out', {
  play: (account) => month(account, { subscriptionMetadata: { no_commission: 'false' } }),
  stands: HUNDRED,
});

/** The desk's own way to change an affiliate. */
async function become(stage: Stage, status: 'approved' | 'pending' | 'rejected'): Promise<void> {
  await createDesk(stage.work, translators).updateAffiliate(callerOf(stage), 'jane', { status });
}

story(75, 'a sale of a partner who is not approved is recorded without a commission', {
  async rules(stage) {
    await stage.affiliate('jane', null, 'rejected');
    await stage.referral('ref_1', 'jane');
    await stage.incentive('inc_all', terms('30'));
  },
  play: (account) => month(account).firstPayment,
  stands: ['sale 100.00 usd complete, base 100.00 (affiliate_not_approved)'],
  ledger: [],
  async also({ stage }, payment) {
    expect(await wordsOf(stage, payment.invoice?.id)).toContain(
      'No commission: the affiliate was not approved when it was paid.',
    );
  },
});

scene(
  75,
  'paused between two payments, the earlier row keeps what it earned, and its refund still counts',
  async (family) => {
    const stage = await raise();
    await janeEarnsThirty(stage);
    const account = createAccount({ family, seed: 7, startAt: MONDAY });
    const sub = month(account);
    await stage.hearAll(account.events);
    await become(stage, 'pending');
    await stage.hearAll(account.during(() => account.renew(sub)));
    await become(stage, 'approved');
    await stage.hearAll(account.during(() => account.renew(sub)));
    await stage.hearAll(account.during(() => account.refund(sub.firstPayment, { amount: 5_000 })));
    await stage.drain();
    expect(await stage.tells()).toEqual([
      'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
      'sale 100.00 usd complete, base 100.00 (affiliate_not_approved)',
      'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
      'refund 50.00 usd succeeded',
      'jane usd: payable 45.00',
    ]);
  },
);

for (const [where, play] of [
  [
    'the customer',
    (account: SimulatedAccount): unknown => month(account, { customer: referred(account, 'Jane@Partner.example') }),
  ],
  [
    'a guest checkout',
    (account: SimulatedAccount): unknown =>
      account.checkoutPayment({ email: 'jane@partner.example', amount: 10_000, clientReferenceId: 'ref_1' }),
  ],
] as const) {
  story(77, `a partner who buys for themselves (${where}) is held for review, not dropped`, {
    play,
    days: 30,
    stands: ['sale 100.00 usd complete, base 100.00: jane 30.00 pending_manual_approval', 'jane usd: review 30.00'],
    async also({ stage }) {
      const [sale] = await stage.sales();
      expect(sale?.explanation?.flags).toEqual(['self_referral']);
      expect(await wordsOf(stage, sale?.conversion_id)).toContain(
        'The buyer has the e-mail of the affiliate: it is held for review.',
      );
    },
  });
}

scene(77, 'the e-mail counts that the partner had when the payment became known', async (family) => {
  const stage = await raise();
  await janeEarnsThirty(stage);
  const desk = createDesk(stage.work, translators);
  const account = createAccount({ family, seed: 7, startAt: MONDAY });
  const sub = month(account, { customer: referred(account, 'new@partner.example') });
  await stage.hearAll(account.events);
  await desk.updateAffiliate(callerOf(stage), 'jane', { email: 'New@partner.example' });
  await stage.hearAll(account.during(() => account.renew(sub)));
  await stage.hearAll(account.during(() => account.refund(sub.firstPayment, { amount: 5_000 })));
  expect(await stage.tells()).toEqual([
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: jane 30.00 pending_manual_approval',
    'refund 50.00 usd succeeded',
    'jane usd: review 30.00, payable 15.00',
  ]);
});

async function janeAndJoe(stage: Stage): Promise<void> {
  await janeEarnsThirty(stage);
  await stage.affiliate('joe');
  await stage.referral('ref_2', 'joe');
}

story(78, "moved to another partner, later payments are theirs and refunds of earlier ones the old one's", {
  rules: janeAndJoe,
  play(account) {
    const sub = month(account, { subscriptionMetadata: { affonso_referral: 'ref_1' }, customer: account.customer() });
    account.advance({ days: 5 });
    account.editSubscription(sub, { affonso_referral: 'ref_2' });
    account.renew(sub);
    account.advance({ days: 5 });
    account.refund(sub.firstPayment, { amount: 5_000 });
  },
  stands: [
    'sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 15.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: joe 30.00 ready_for_payment',
    'refund 50.00 usd succeeded',
    'jane usd: payable 15.00',
    'joe usd: payable 30.00',
  ],
});

story(78, 'who was credited as a customer stays so when the subscription names another later', {
  rules: janeAndJoe,
  play(account) {
    const sub = month(account);
    account.advance({ days: 5 });
    account.editSubscription(sub, { affonso_referral: 'ref_2' });
    account.renew(sub);
  },
  stands: [
    'sale 100.00 usd complete, base 100.00: jane 30.00 ready_for_payment',
    'sale 100.00 usd complete, base 100.00: joe 30.00 ready_for_payment',
    'jane usd: payable 30.00',
    'joe usd: payable 30.00',
  ],
});
