/** Random calls beside a random Stripe history: what merchants, sign-up forms and operators say about the same money. */
import type { SaleRequest } from '../../src/core/desk.ts';
import { moneyKey } from '../../src/core/keys.ts';
import { writeEntry, type Entry } from '../../src/core/requests.ts';
import type { RandomHistory } from '../../src/simulator/random.ts';
import { createRng, type Rng } from '../../src/simulator/rng.ts';
import { saleRequest } from '../support/requests.ts';

/** One thing that reaches the inbox. */
export type Delivery = {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly at: number;
  readonly body: string;
};

const SALE = saleRequest('', { amount: 5_000n, body: '{}' });

type Cast = { readonly rng: Rng; readonly tokens: readonly string[]; readonly begin: number; readonly end: number };

/** Some ten calls spread over the time of the history; each its own inbox event. */
export function randomCalls(history: RandomHistory, referrals: readonly (string | null)[], seed: string): Delivery[] {
  const rng = createRng(`calls/${seed}`);
  const times = history.events.map(({ created }) => created * 1000);
  const cast: Cast = {
    rng,
    tokens: referrals.filter((token) => token !== null),
    begin: Math.min(...times),
    end: Math.max(...times),
  };
  const entries: Entry[] = [
    ...Array.from({ length: 4 }, (_, index) => ownSale(cast, index)),
    ...history.payments.filter(() => rng.chance(0.25)).flatMap((payment) => namedSale(cast, payment)),
    ...history.customers.filter(() => rng.chance(0.3)).map(({ email }) => lead(cast, email)),
    ...(rng.chance(0.4) ? [{ ...lead(cast, null), customerId: `c${rng.int(1, 2)}` }] : []),
    ...history.payments.filter(() => rng.chance(0.2)).flatMap((payment) => ruling(cast, payment)),
    ...Array.from({ length: 2 }, (_, index) => refund(cast, index)),
    ...history.events.flatMap(({ type, body }, index) =>
      type === 'refund.created' && rng.chance(0.4) ? refundAsWell(history, body, index) : [],
    ),
    ...(rng.chance(0.3) ? crowd(cast) : []),
  ];
  return entries.map((entry, index) => delivery(cast, entry, index));
}

function delivery({ rng, begin, end }: Cast, entry: Entry, index: number): Delivery {
  const source = entry.kind === 'sale' || entry.kind === 'refund' ? 'affonso' : 'operator';
  const at = rng.int(begin, end);
  return {
    source,
    id: `${entry.kind}:${index}`,
    type: `${source}.${entry.kind}`,
    livemode: true,
    at,
    body: writeEntry(entry),
  };
}

/** A sale of the caller's own, with one identifier or several; the same buyers come back. */
function ownSale({ rng, tokens, begin, end }: Cast, index: number): Entry {
  const buyer = rng.int(1, 2);
  const request: SaleRequest = {
    ...SALE,
    externalEventId: `order_${index}`,
    amount: BigInt(rng.int(100, 20_000)),
    customerId: rng.chance(0.7) ? `c${buyer}` : null,
    externalUserId: rng.chance(0.5) ? `u${buyer}` : null,
    referralId: rng.chance(0.5) ? rng.pick(tokens) : null,
    interval: rng.chance(0.3) ? 'monthly' : null,
    isSubscription: rng.chance(0.5),
    occurredAt: rng.int(begin, end),
    ...orderBy(rng),
  };
  return { kind: 'sale', request, alias: null };
}

/** Now and then a caller sets the commission itself, or its hold; also in a currency that is not the sale's. */
function orderBy(rng: Rng): Pick<SaleRequest, 'ordered' | 'holdDays'> {
  const ordered = { amount: BigInt(rng.int(0, 9_000)), currency: rng.chance(0.9) ? 'usd' : 'eur' };
  return { ...(rng.chance(0.2) ? { ordered } : {}), ...(rng.chance(0.1) ? { holdDays: rng.int(0, 40) } : {}) };
}

type Payment = RandomHistory['payments'][number];

function stripeIdOf(payment: Payment): string | null {
  return payment.invoice?.id ?? payment.paymentIntent ?? payment.charge ?? null;
}

/** The same money as a Stripe payment, told by the caller under Stripe's id. */
function namedSale({ rng, tokens }: Cast, payment: Payment): Entry[] {
  const named = stripeIdOf(payment);
  // The API takes no sale of nothing.
  if (named === null || payment.amount <= 0) return [];
  const request: SaleRequest = {
    ...SALE,
    externalEventId: named,
    amount: BigInt(payment.amount),
    currency: payment.currency,
    customerId: rng.chance(0.5) ? `c${rng.int(1, 2)}` : null,
    referralId: rng.chance(0.7) ? rng.pick(tokens) : null,
    ...orderBy(rng),
  };
  return [{ kind: 'sale', request, alias: null }];
}

function lead({ rng, tokens }: Cast, email: string | null): Extract<Entry, { kind: 'lead' }> {
  const externalUserId = rng.chance(0.4) ? `u${rng.int(1, 2)}` : null;
  return { kind: 'lead', referralId: rng.pick(tokens), email, externalUserId, customerId: null, body: '{}' };
}

const RULINGS = [
  'declined',
  'ready_for_payment',
  'pending_manual_approval',
  'refunded',
  'dispute',
  'pending',
  'paid',
  'paid',
  'processing_payout',
];

/** An operator's word on an invoice's commission or on one of the caller's own sales; sometimes it is said again. */
function ruling({ rng }: Cast, { invoice }: Payment): Entry[] {
  const own = rng.chance(0.3);
  if (!own && !invoice) return [];
  const payment = own
    ? moneyKey('affonso', 'sale', `order_${rng.int(0, 3)}`)
    : moneyKey('stripe', 'invoice', invoice?.id ?? '');
  const status = rng.pick(RULINGS);
  const affiliateId = rng.pick(['ann', 'bob', 'carl']);
  const said = (): Entry => {
    const paid = { affiliateId, referralId: 'ref_a1', programId: 'prog', currency: 'usd' };
    const pays = status === 'paid' || status === 'processing_payout';
    const told = pays && rng.chance(0.5) ? { amounts: [{ ...paid, amount: BigInt(rng.int(0, 900)) }] } : {};
    const order = orderBy(rng);
    const silent = order.ordered !== undefined && rng.chance(0.5);
    return { kind: 'ruling', payment, status: silent ? null : status, ...told, ...order, body: '{}' };
  };
  return Array.from({ length: rng.chance(0.3) ? 2 : 1 }, said);
}

function refund({ rng }: Cast, index: number): Entry {
  return refundOf(rng, `order_${rng.int(0, 3)}`, `credit_${index}`, null);
}

type ToldRefund = { data: { object: { amount: number; currency: string; payment_intent: string | null } } };

/** The caller tells of a refund that Stripe tells of too, under an id of its own. */
function refundAsWell({ payments }: RandomHistory, body: string, index: number): Entry[] {
  const { amount, currency, payment_intent: intent } = (JSON.parse(body) as ToldRefund).data.object;
  const payment = payments.find(({ paymentIntent }) => paymentIntent === intent);
  const invoice = payment?.invoice?.id;
  if (intent === null || amount <= 0) return [];
  return [
    {
      kind: 'refund',
      payment: invoice === undefined ? moneyKey('stripe', 'pi', intent) : moneyKey('stripe', 'invoice', invoice),
      amount: BigInt(amount),
      currency,
      externalEventId: `as_well_${index}`,
      refundedAt: null,
      reason: null,
      body: '{}',
    },
  ];
}

function refundOf(rng: Rng, order: string, externalEventId: string, refundedAt: number | null): Entry {
  return {
    kind: 'refund',
    payment: moneyKey('affonso', 'sale', order),
    amount: BigInt(rng.int(50, 8000)),
    currency: 'usd',
    externalEventId,
    refundedAt,
    reason: null,
    body: '{}',
  };
}

/** Many payments of one buyer at few moments, some of them taken back between the others. */
function crowd(cast: Cast): Entry[] {
  const { rng, begin, end } = cast;
  const moments = Array.from({ length: 5 }, () => rng.int(begin, end));
  const referralId = rng.pick(cast.tokens);
  const sales = Array.from({ length: rng.int(6, 10) }, (_, index): Entry => {
    const externalEventId = `crowd_${index}`;
    const amount = BigInt(rng.int(500, 9000));
    const who = { customerId: 'c9', referralId: rng.chance(0.5) ? referralId : null, interval: 'monthly' };
    const isSubscription = rng.chance(0.5);
    const request = { ...SALE, ...who, externalEventId, amount, isSubscription, occurredAt: rng.pick(moments) };
    return { kind: 'sale', request, alias: null };
  });
  const refunds = Array.from({ length: 4 }, (_, index) =>
    refundOf(rng, `crowd_${rng.int(0, sales.length - 1)}`, `back_${index}`, rng.pick(moments) + rng.int(0, 1)),
  );
  const sent: Entry = { ...lead(cast, null), externalUserId: null, customerId: 'c9' };
  return [...sales, ...refunds, ...(rng.chance(0.7) ? [sent] : [])];
}
