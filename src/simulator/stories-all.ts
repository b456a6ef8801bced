import type { SimulatedCreditNote, SimulatedPayment } from './account.ts';
import type { Rng } from './rng.ts';
import type { Scene } from './stories.ts';

/** Plays one kind of scenario; returns the payments it made. */
type Story = (scene: Scene) => readonly (SimulatedPayment | null)[];

const FUNDS = ['told', 'told', 'shown', 'untold'] as const;
const TOLD = ['both', 'charge-only', 'refund-only'] as const;

function part(rng: Rng, amount: number): number {
  return Math.max(1, Math.floor(amount * rng.pick([0.1, 0.3, 0.5])));
}

/** What a charge still has to give back: refunds of all states count until they failed. */
function left(payment: SimulatedPayment): { index: number; amount: number } | null {
  const index = payment.charges.findIndex((charge) => {
    return (charge.amountCaptured ?? charge.amount) - ((charge.amountRefunded ?? 0) - (charge.released ?? 0)) > 1;
  });
  const charge = payment.charges[index];
  if (!charge || payment.amount === 0) return null;
  const kept = charge.amountCaptured ?? charge.amount;
  return { index, amount: kept - ((charge.amountRefunded ?? 0) - (charge.released ?? 0)) };
}

/** Gives some of it back, in any of the ways money goes back, and never more than there is. */
export function undoAny(scene: Scene, payment: SimulatedPayment): void {
  const rest = left(payment);
  if (!rest) return;
  const { account, rng } = scene;
  const charge = rest.index;
  const amount = part(rng, rest.amount);
  const ways: (() => void)[] = [
    () => account.refund(payment, { charge, told: rng.pick(TOLD) }),
    () => account.refund(payment, { charge, amount, told: rng.pick(TOLD) }),
    () => account.failRefund(account.refund(payment, { charge, amount }), { afterDays: rng.int(0, 20) }),
    () => account.failRefund(account.refund(payment, { charge, pending: true }), { canceled: true }),
    () => account.settleRefund(account.refund(payment, { charge, amount, pending: true }), { afterDays: 5 }),
    () => account.editRefund(account.refund(payment, { charge, amount }), { ticket: '12' }),
    () => quarrel(scene, payment, charge, amount),
    () => note(scene, payment, charge, amount),
  ];
  rng.pick(ways)();
}

/** A dispute of any ending; sometimes two at once, sometimes beside a refund. */
function quarrel({ account, rng }: Scene, payment: SimulatedPayment, charge: number, amount: number): void {
  const funds = rng.pick(FUNDS);
  const afterDays = rng.pick([0, 3, 30]);
  const endings: (() => void)[] = [
    () => account.closeDispute(account.dispute(payment, { charge, funds }), 'won', { afterDays }),
    () => account.closeDispute(account.dispute(payment, { charge, funds, amount }), 'lost', { afterDays }),
    () => account.closeDispute(account.dispute(payment, { charge, inquiry: true }), 'warning_closed', { afterDays }),
    () => {
      const inquiry = account.dispute(payment, { charge, amount, funds, inquiry: true });
      account.escalateDispute(inquiry);
      account.closeDispute(inquiry, rng.pick(['won', 'lost'] as const), { afterDays });
    },
    () => {
      const first = account.dispute(payment, { charge, amount, funds });
      const second = account.dispute(payment, { charge, amount });
      account.closeDispute(second, rng.pick(['won', 'lost'] as const), { afterDays });
      account.closeDispute(first, rng.pick(['won', 'lost'] as const), { afterDays });
    },
    () => {
      account.refund(payment, { charge, amount });
      account.closeDispute(account.dispute(payment, { charge }), rng.pick(['won', 'lost'] as const), { afterDays });
    },
    () => account.bankReturn(payment, { charge, funds, reason: 'debit_not_authorized' }),
    () => account.preventedDispute(payment, { charge, amount }),
    () => account.dispute(payment, { charge, amount, funds }),
  ];
  rng.pick(endings)();
}

function note({ account, rng, customer }: Scene, payment: SimulatedPayment, charge: number, amount: number): void {
  if (!payment.invoice || payment.invoice.status === 'open') return;
  const half = Math.floor(amount / 2);
  const kinds: (() => SimulatedCreditNote)[] = [
    () => account.creditNote(payment, { charge, amount, as: 'refund', noteFirst: rng.chance(0.5) }),
    () => account.creditNote(payment, { charge, amount, as: 'refund', refundTold: 'none' }),
    () => account.creditNote(payment, { amount, as: 'balance', customer }),
    () => account.creditNote(payment, { amount, as: 'out_of_band' }),
    () => account.creditNote(payment, { charge, parts: { refund: amount - half, outOfBand: half } }),
    () => account.creditNote(payment, { as: 'out_of_band', lines: [{ line: 0, amount: half }, { amount }] }),
  ];
  const made = rng.pick(kinds)();
  if (!made.refund && rng.chance(0.4)) {
    account.advance({ days: 2 });
    account.voidCreditNote(made);
  }
}

/** A subscription of a buyer whom nobody sent, as far as its events tell. */
function quiet({ account, customer, monthly }: Scene) {
  return account.subscribe({ customer, price: monthly });
}

/** The kinds beyond the spine of the SaaS story, by name. */
export const MORE_STORIES: Record<string, Story> = {
  /** The payment intent is known first; its invoice comes minutes or days later. */
  lateInvoice: ({ account, rng, customer }) => {
    const amount = rng.int(500, 9_000);
    const intent = account.paymentIntent({ customer, amount });
    account.advance({ seconds: rng.pick([1, 120, 3_600, 200_000]) });
    const linkedAfter = rng.pick([0, 30, 86_400]);
    return [account.invoicePaidBy({ customer, lines: [{ amount }], linkedAfter }, intent)];
  },
  /** A refund before anybody knew that the money belonged to an invoice. */
  united: ({ account, rng, customer }) => {
    const amount = rng.int(500, 9_000);
    const bought = account.checkoutPayment({ customer, amount });
    account.refund(bought, { amount: part(rng, amount) });
    account.advance({ days: 1 });
    return [account.invoicePaidBy({ customer, lines: [{ amount }] }, bought)];
  },
  /** Who sent the buyer is written down after the money came. */
  lateAttribution: (scene) => {
    const { account, rng, customer, referral } = scene;
    const sub = quiet(scene);
    account.advance({ days: 1 });
    const metadata = { affonso_referral: referral ?? '' };
    if (referral !== null && rng.chance(0.5)) account.updateCustomer(customer, { metadata });
    else if (referral !== null) account.editSubscription(sub, metadata);
    return [sub.firstPayment, account.renew(sub)];
  },
  promotionCode: (scene) => {
    const { account, rng, customer, monthly, referral } = scene;
    const metadata = referral === null ? {} : { affonso_referral: referral };
    const coupon = account.promotionCode({ code: `SPRING${rng.token(6)}`, coupon: { percentOff: 20 }, metadata });
    const discountTold = rng.chance(0.5);
    const sub = account.subscribe({ customer, price: monthly, coupon, discountTold });
    account.updatePromotionCode(coupon, { active: false });
    return [sub.firstPayment, account.renew(sub), account.checkoutPayment({ customer, amount: 3_000, coupon })];
  },
  disputes: (scene) => {
    const { account, rng, customer } = scene;
    const amount = rng.int(500, 9_000);
    const payment = rng.chance(0.5)
      ? account.paymentIntent({ customer, amount })
      : account.invoice({ customer, lines: [{ amount }] });
    quarrel(scene, payment, 0, part(rng, amount));
    return [payment];
  },
  creditNotes: (scene) => {
    const { account, rng, customer, monthly } = scene;
    const amount = rng.int(500, 9_000);
    const lines = [{ amount, price: monthly }, { amount: 700 }];
    const payment = account.invoice({ customer, lines, tax: { percent: 19, inclusive: rng.chance(0.5) } });
    for (let turn = rng.int(1, 2); turn > 0; turn--) note(scene, payment, 0, part(rng, Math.floor(amount / 2)));
    return [payment];
  },
  warning: ({ account, rng, customer }) => {
    const payment = account.paymentIntent({ customer, amount: rng.int(500, 9_000) });
    const warning = account.fraudWarning(payment);
    account.advance({ days: 1 });
    if (rng.chance(0.5)) account.refund(payment, { reason: 'fraudulent' });
    if (rng.chance(0.5)) account.updateFraudWarning(warning);
    return [payment];
  },
  optOut: (scene) => {
    const { account, rng, customer, monthly } = scene;
    const out = scene.optOut;
    if (rng.chance(0.2)) account.updateCustomer(customer, { metadata: { ...customer.metadata, ...out } });
    const sub = account.subscribe({ customer, price: monthly, subscriptionMetadata: rng.chance(0.5) ? out : {} });
    if (rng.chance(0.5)) account.editSubscription(sub, rng.chance(0.5) ? out : {});
    const renewed = account.renew(sub, { invoiceMetadata: rng.chance(0.5) ? out : {} });
    return [sub.firstPayment, renewed, account.paymentIntent({ customer, amount: 900, metadata: out })];
  },
  givenUp: ({ account, rng, customer }) => {
    const lines = [{ amount: rng.int(2_000, 9_000) }];
    const unpaid =
      account.family === 'basil' && rng.chance(0.6)
        ? account.payInvoiceInParts({ customer, lines, parts: [1_000], outcome: 'uncollectible' })
        : account.invoice({ customer, lines, outcome: 'uncollectible' });
    account.advance({ days: 20 });
    return [rng.chance(0.7) ? account.payInvoice(unpaid) : unpaid];
  },
  outside: ({ account, rng, customer }) => {
    const lines = [{ amount: 3_000 }];
    const whole = account.invoice({ customer, lines, paidOutOfBand: true, paymentRecord: rng.chance(0.7) });
    if (account.family !== 'basil') return [whole];
    const parts = [1_000, { amount: 2_000, outOfBand: rng.chance(0.7) }];
    return [whole, account.payInvoiceInParts({ customer, lines, parts })];
  },
  debit: (scene) => {
    const { account, rng, customer, monthly } = scene;
    const outcome = rng.pick(['succeeds', 'succeeds', 'fails'] as const);
    const unpaid = account.invoice({ customer, lines: [{ amount: 4_000 }], outcome: 'open' });
    const sub = account.subscribe({ customer, price: monthly, asyncMethod: outcome });
    return [account.payInvoiceByDebit(unpaid, { outcome }), sub.firstPayment];
  },
  /** Lowered before it is paid, by a note that may be taken back. */
  cheaper: ({ account, rng, customer }) => {
    const unpaid = account.invoice({ customer, lines: [{ amount: 4_000 }, { amount: 1_000 }], outcome: 'open' });
    const lowered = account.creditNote(unpaid, { amount: rng.int(1, 3_000), as: 'pre_payment' });
    if (rng.chance(0.3)) account.voidCreditNote(lowered);
    account.advance({ days: 1 });
    return [account.payInvoice(unpaid)];
  },
  tiny: ({ account, customer, rng }) => {
    const owed = { customer, useBalance: true };
    const first = account.invoice({ ...owed, lines: [{ amount: rng.int(10, 45) }], tooSmall: true });
    return [first, account.invoice({ ...owed, lines: [{ amount: rng.int(1_000, 2_000) }] })];
  },
  manyLines: ({ account, rng, customer, monthly, dearer }) => {
    const price = () => rng.pick([monthly, dearer, null]);
    const lines = Array.from({ length: 25 }, () => ({ amount: rng.int(10, 900), price: price() }));
    return [account.invoice({ customer, lines })];
  },
};
