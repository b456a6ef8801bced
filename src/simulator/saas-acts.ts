import type {
  SimulatedAccount,
  SimulatedCustomer,
  SimulatedPayment,
  SimulatedPrice,
  SimulatedSubscription,
} from './account.ts';
import { DAY } from './calendar.ts';
import type { Rng } from './rng.ts';

/** The plans of one account. */
export interface Plans {
  starter: SimulatedPrice;
  pro: SimulatedPrice;
  quarterly: SimulatedPrice;
  yearly: SimulatedPrice;
}

/** One family's account and its plans. */
export interface Branch {
  account: SimulatedAccount;
  plans: Plans;
}

/** One customer of the story. */
export interface Buyer extends Branch {
  index: number;
  customer: SimulatedCustomer;
  referral: string | null;
}

/** The play in progress: an agenda of acts by time. */
export interface Play {
  rng: Rng;
  endAt: number;
  agenda: { at: number; order: number; act: () => void }[];
  /** How many acts were ever planned: breaks ties in time. */
  planned: number;
  happened: Record<string, number>;
}

/** Puts an act on the agenda (unix seconds) unless the story is over by then. */
export function schedule(play: Play, at: number, act: () => void): void {
  if (at < play.endAt) play.agenda.push({ at, order: play.planned++, act });
}

function note(play: Play, what: string): void {
  play.happened[what] = (play.happened[what] ?? 0) + 1;
}

/** Payment-Link merchants pass the click id in the URL, the others write it into metadata. */
function marksOf({ index, referral }: Buyer) {
  if (referral === null) return {};
  if (index % 3 === 0) return { clientReferenceId: referral, paymentLink: 'plink_1RiverbendSignup' };
  const metadata = { affonso_referral: referral };
  return { metadata, sessionMetadata: metadata, subscriptionMetadata: metadata };
}

function termsOf({ rng }: Play) {
  return {
    ...(rng.chance(0.45)
      ? {
          tax: rng.pick([
            { percent: 20, inclusive: true },
            { percent: 19, inclusive: false },
            { percent: 7.7, inclusive: false },
          ]),
        }
      : {}),
    ...(rng.chance(0.2)
      ? {
          coupon: rng.pick([{ percentOff: 20 }, { percentOff: 50, duration: 'once' as const }, { amountOff: 500 }]),
        }
      : {}),
  };
}

/** Some buyers want money back some days later; a few of those refunds bounce, a few payments are disputed. */
function regret(play: Play, buyer: Buyer, payment: SimulatedPayment | null): void {
  if (!payment || payment.amount === 0) return;
  const { rng } = play;
  const at = buyer.account.now + rng.int(2, 20) * DAY;
  const act = (verb: () => void) => schedule(play, at, () => (buyer.account.at(at), verb()));
  if (rng.chance(0.03))
    act(() => (note(play, 'full refunds'), buyer.account.refund(payment, { reason: 'requested_by_customer' })));
  else if (rng.chance(0.04)) act(() => partialRefund(play, buyer, payment));
  else if (rng.chance(0.015)) {
    act(() => {
      note(play, 'disputes');
      buyer.account.closeDispute(buyer.account.dispute(payment), rng.pick(['won', 'lost'] as const));
    });
  }
}

function partialRefund(play: Play, { account }: Buyer, payment: SimulatedPayment): void {
  note(play, 'partial refunds');
  const refund = account.refund(payment, {
    amount: Math.ceil(payment.amount * play.rng.pick([0.25, 0.5])),
  });
  if (!play.rng.chance(0.25)) return;
  note(play, 'failed refunds');
  account.failRefund(refund);
}

/** Subscribes and plans the first turn. */
export function signUp(play: Play, buyer: Buyer): void {
  const { rng } = play;
  const trialDays = rng.chance(0.25) ? 14 : undefined;
  const { starter, pro, quarterly, yearly } = buyer.plans;
  const price = rng.pick([starter, starter, pro, pro, quarterly, yearly]);
  // a Payment Link is always Checkout: the click id has no other way in
  const via = buyer.index % 3 === 0 || rng.chance(0.8) ? ('checkout' as const) : ('api' as const);
  note(play, trialDays ? 'trials' : 'signups');
  const sub = buyer.account.subscribe({
    customer: buyer.customer,
    price,
    via,
    trialDays,
    quantity: rng.pick([1, 1, 1, 3]),
    ...termsOf(play),
    ...marksOf(buyer),
  });
  regret(play, buyer, sub.firstPayment);
  nextTurn(play, buyer, sub);
}

function nextTurn(play: Play, buyer: Buyer, sub: SimulatedSubscription): void {
  const { account } = buyer;
  const { rng } = play;
  const at = sub.period.end - 3 * DAY;
  const middle = sub.period.start + Math.floor((sub.period.end - sub.period.start) / 2);
  const upgrades = sub.status === 'active' && sub.items[0]?.price.id === buyer.plans.starter.id && rng.chance(0.12);
  if (upgrades) schedule(play, middle, () => (account.at(middle), upgrade(play, buyer, sub)));
  schedule(play, at, () => {
    account.at(at);
    turn(play, buyer, sub);
    if (sub.status !== 'canceled') nextTurn(play, buyer, sub);
  });
}

function upgrade(play: Play, buyer: Buyer, sub: SimulatedSubscription): void {
  note(play, 'upgrades');
  const to = play.rng.pick([buyer.plans.pro, buyer.plans.pro, buyer.plans.yearly]);
  const behavior = play.rng.chance(0.6) ? ('always_invoice' as const) : ('create_prorations' as const);
  regret(play, buyer, buyer.account.changePrice(sub, to, { behavior, fractionUsed: 0.5 }));
}

function turn(play: Play, buyer: Buyer, sub: SimulatedSubscription): void {
  const { account } = buyer;
  // an upgrade to another interval has moved the end: that turn is on the agenda anew
  if (sub.period.end - 3 * DAY > account.now) return;
  if (sub.status === 'trialing') {
    note(play, 'trials converted');
    regret(play, buyer, account.trialEnd(sub));
  } else if (play.rng.chance(0.05)) {
    note(play, 'cancellations');
    account.cancel(sub, { atPeriodEnd: true });
  } else if (play.rng.chance(0.06)) {
    note(play, 'dunning');
    regret(play, buyer, account.failThenPay(sub, play.rng.int(1, 2), { recovers: play.rng.chance(0.8) }));
  } else {
    note(play, 'renewals');
    regret(play, buyer, account.renew(sub));
  }
}

/** Buys once through Checkout. */
export function purchase(play: Play, buyer: Buyer): void {
  const { rng } = play;
  note(play, 'one-time purchases');
  const asyncMethod = rng.pick([undefined, undefined, undefined, 'succeeds', 'fails'] as const);
  const guest = rng.chance(0.2);
  regret(
    play,
    buyer,
    buyer.account.checkoutPayment({
      customer: guest ? null : buyer.customer,
      email: buyer.customer.email,
      amount: rng.pick([1_500, 9_900, 24_900]),
      invoiceCreation: rng.chance(0.4),
      asyncMethod,
      tax: termsOf(play).tax,
      ...marksOf(buyer),
    }),
  );
}
