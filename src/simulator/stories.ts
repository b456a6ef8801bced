import type { SimulatedAccount, SimulatedCustomer, SimulatedPayment, SimulatedPrice } from './account.ts';
import type { Metadata } from './json.ts';
import type { Rng } from './rng.ts';

/** One customer with all a story needs. */
export interface Scene {
  rng: Rng;
  account: SimulatedAccount;
  customer: SimulatedCustomer;
  referral: string | null;
  monthly: SimulatedPrice;
  dearer: SimulatedPrice;
  yearly: SimulatedPrice;
  /** Metadata by which the merchant takes a sale out of the program. */
  optOut: Metadata;
}

/** Plays one kind of scenario; returns the payments it made. */
type Story = (scene: Scene) => readonly (SimulatedPayment | null)[];

function marks({ rng, referral }: Scene) {
  if (referral === null) return {};
  const metadata = { affonso_referral: referral };
  return rng.chance(0.5)
    ? { clientReferenceId: referral }
    : { metadata, sessionMetadata: metadata, subscriptionMetadata: metadata };
}

function terms(rng: Rng) {
  return {
    ...(rng.chance(0.4) ? { tax: { percent: rng.pick([7.7, 19, 20]), inclusive: rng.chance(0.5) } } : {}),
    ...(rng.chance(0.3)
      ? {
          coupon: rng.chance(0.5) ? { percentOff: rng.pick([10, 33, 50]) } : { amountOff: rng.int(100, 900) },
        }
      : {}),
  };
}

function started(scene: Scene, more: { trialDays?: number; quantity?: number } = {}) {
  const { account, customer, rng } = scene;
  const marked = marks(scene);
  // a click id in the URL only exists at Checkout
  const api = !('clientReferenceId' in marked) && rng.chance(0.3);
  return account.subscribe({
    customer,
    price: rng.pick([scene.monthly, scene.yearly]),
    via: api ? 'api' : 'checkout',
    ...terms(rng),
    ...marked,
    ...more,
  });
}

/** Gives some of it back, in one of the ways money goes back. */
export function undo({ account, rng }: Scene, payment: SimulatedPayment): void {
  if (payment.amount === 0) return;
  // Of the first charge: a refund is of one, and a payment in parts has several.
  const [charge] = payment.charges;
  const whole = charge?.amountCaptured ?? charge?.amount ?? payment.amount;
  const part = Math.max(1, Math.floor(whole * rng.pick([0.1, 0.3, 0.5])));
  const ways: (() => void)[] = [
    () => account.refund(payment),
    () => account.refund(payment, { amount: part }),
    () => {
      account.refund(payment, { amount: part });
      account.refund(payment);
    },
    () => account.failRefund(account.refund(payment, { amount: part })),
    () => account.settleRefund(account.refund(payment, { amount: part, pending: true })),
    () => account.failRefund(account.refund(payment, { pending: true })),
    () => account.closeDispute(account.dispute(payment), rng.pick(['won', 'lost'] as const)),
    () => account.closeDispute(account.dispute(payment, { inquiry: true }), 'warning_closed'),
    () => {
      if (payment.invoice)
        account.creditNote(payment, {
          amount: part,
          as: rng.pick(['refund', 'balance', 'out_of_band'] as const),
        });
    },
  ];
  rng.pick(ways)();
}

/** All scenario kinds by name. */
export const STORIES: Record<string, Story> = {
  renewals: (scene) => {
    const sub = started(scene, { quantity: scene.rng.int(1, 3) });
    return [sub.firstPayment, scene.account.renew(sub), scene.account.renew(sub)];
  },
  trial: (scene) => {
    const sub = started(scene, { trialDays: 14 });
    return [sub.firstPayment, scene.account.trialEnd(sub)];
  },
  upgrade: (scene) => {
    const { account, rng } = scene;
    const sub = started(scene);
    const behavior = rng.chance(0.5) ? ('always_invoice' as const) : ('create_prorations' as const);
    const change = account.changePrice(sub, scene.dearer, {
      behavior,
      fractionUsed: rng.pick([0.2, 0.5]),
    });
    return [sub.firstPayment, change, account.renew(sub)];
  },
  downgrade: (scene) => {
    const { account, customer } = scene;
    const sub = account.subscribe({ customer, price: scene.dearer, ...marks(scene) });
    const change = account.changePrice(sub, scene.monthly, { behavior: 'always_invoice' });
    return [sub.firstPayment, change, account.renew(sub)];
  },
  dunning: (scene) => {
    const sub = started(scene);
    return [sub.firstPayment, scene.account.failThenPay(sub, scene.rng.int(1, 3), { recovers: scene.rng.chance(0.8) })];
  },
  returning: (scene) => {
    const first = started(scene);
    scene.account.cancel(first, { atPeriodEnd: scene.rng.chance(0.5) });
    scene.account.advance({ days: 40 });
    return [first.firstPayment, started(scene).firstPayment];
  },
  checkout: (scene) => {
    const { account, rng } = scene;
    const asyncMethod = rng.pick(['succeeds', 'fails', undefined, undefined, undefined] as const);
    const amount = rng.int(500, 20_000);
    const tax = terms(rng).tax;
    const whom = rng.chance(0.8) ? { customer: scene.customer } : { email: scene.customer.email };
    return [
      account.checkoutPayment({
        ...whom,
        amount,
        invoiceCreation: rng.chance(0.5),
        asyncMethod,
        tax,
        ...marks(scene),
      }),
    ];
  },
  direct: (scene) => {
    const { account, customer, rng } = scene;
    const amount = rng.int(500, 20_000);
    const captured = rng.pick([0, Math.floor(amount / 2), amount]);
    return [
      account.paymentIntent({ customer, amount }),
      account.manualCapture({ customer, amount, captured, releaseShownAsRefund: rng.chance(0.3) }),
      account.legacyCharge({ customer, amount }),
    ];
  },
  invoices: (scene) => {
    const { account, customer, rng } = scene;
    const lines = Array.from({ length: rng.int(1, 12) }, () => ({
      amount: rng.int(100, 5_000),
      price: rng.pick([null, scene.monthly]),
    }));
    const outOfBand = account.invoice({ customer, lines, paidOutOfBand: rng.chance(0.3) });
    const open = account.invoice({
      customer,
      lines,
      outcome: rng.pick(['open', 'uncollectible'] as const),
    });
    account.advance({ days: 2 });
    const late = rng.chance(0.5) ? account.payInvoice(open) : account.closeInvoice(open, 'void');
    const mistaken = account.invoice({ customer, lines, outcome: 'void' });
    const extra = rng.int(0, 1) * 300;
    if (account.family !== 'basil') return [outOfBand, late, mistaken];
    return [
      outOfBand,
      late,
      mistaken,
      account.payInvoiceInParts({
        customer,
        lines: [{ amount: 3_000 }],
        parts: [1_000, 2_000 + extra],
      }),
    ];
  },
  setup: (scene) => {
    scene.account.setupSession({ customer: scene.customer, ...marks(scene) });
    return [];
  },
};
