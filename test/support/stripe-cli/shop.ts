/**
 * A shop at the pretended Stripe: what the recipes of `stripe trigger` ask for, done with the verbs of the simulator,
 * so that the events which follow look and hang together as Stripe's do.
 */
import type { SimulatedAccount } from '../../../src/simulator/account.ts';
import type { JsonObject, Metadata } from '../../../src/simulator/json.ts';
import type {
  SimulatedCreditNote,
  SimulatedCustomer,
  SimulatedDispute,
  SimulatedPayment,
  SimulatedPrice,
  SimulatedRefund,
  SimulatedSubscription,
} from '../../../src/simulator/state.ts';
import type { Asked, Shop } from './stripe.ts';

/** What the simulator made, by the id under which the CLI asks for it again. */
type Shelves = {
  readonly account: SimulatedAccount;
  readonly customers: Map<string, SimulatedCustomer>;
  readonly prices: Map<string, SimulatedPrice>;
  /** Amounts that wait for the customer's next invoice, minor units. */
  readonly items: Map<string, number[]>;
  readonly payments: Map<string, SimulatedPayment>;
  readonly refunds: Map<string, SimulatedRefund>;
  readonly disputes: Map<string, SimulatedDispute>;
  readonly notes: Map<string, SimulatedCreditNote>;
  readonly subscriptions: Map<string, SimulatedSubscription>;
  /** Sessions that nobody has paid yet: what was put in. */
  readonly sessions: Map<string, URLSearchParams>;
  /** Objects without behaviour. */
  readonly plain: Map<string, JsonObject>;
};

/** Does it; answers with the id of the object, or with the object itself when no event shows it. */
type Act = (shop: Shelves, given: URLSearchParams, id: string) => string | JsonObject;

/** Objects without behaviour: they are what was given. */
const PLAIN: Readonly<Record<string, { prefix: string; object: string; announced: boolean }>> = {
  products: { prefix: 'prod', object: 'product', announced: true },
  coupons: { prefix: 'co', object: 'coupon', announced: true },
  promotion_codes: { prefix: 'promo', object: 'promotion_code', announced: true },
  payment_methods: { prefix: 'pm', object: 'payment_method', announced: false },
};

/** What changing or deleting an object is called, by the collection it is in. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  customers: ['customer'],
  products: ['product'],
  prices: ['price'],
  coupons: ['coupon'],
  promotion_codes: ['promotion_code'],
  invoices: ['invoice'],
  invoiceitems: ['invoiceitem'],
  subscriptions: ['customer.subscription'],
  credit_notes: ['credit_note'],
  disputes: ['charge.dispute'],
  refunds: ['refund', 'charge.refund'],
};

/** Methods of payment that bring trouble, by Stripe's names of them. */
const DISPUTED = /^pm_card_createDispute/;
const BOUNCING = 'IT60X0542811101000000123456';

const ACTS: Readonly<Record<string, Act>> = {
  'POST customers': ({ account, customers }, given) =>
    kept(customers, account.customer({ email: given.get('email'), metadata: metadataIn(given) })),
  'POST prices': ({ account, prices }, given) =>
    kept(
      prices,
      account.price({
        amount: Number(given.get('unit_amount')),
        currency: text(given, 'currency'),
        interval: given.get('recurring[interval]') === null ? null : 'month',
        product: text(given, 'product'),
      }),
    ),
  'POST invoiceitems': ({ account, items }, given) => {
    const [customer, amount] = [text(given, 'customer'), Number(given.get('amount'))];
    items.set(customer, [...(items.get(customer) ?? []), amount]);
    const item = { id: `ii_${account.events.length}`, object: 'invoiceitem', amount, customer, invoice: null };
    account.emit('invoiceitem.created', item);
    return item.id;
  },
  'POST invoices': ({ account, payments, customers, items }, given) => {
    const customer = found(customers, text(given, 'customer'));
    const lines = (items.get(customer.id) ?? []).map((amount) => ({ amount }));
    return shelved(payments, account.invoice({ customer, lines, outcome: 'open' }));
  },
  'POST invoices/:id/finalize': (_shop, _given, id) => id,
  'POST invoices/:id/pay': ({ account, payments }, _given, id) =>
    shelved(payments, account.payInvoice(found(payments, id))),
  'POST invoices/:id/void': ({ account, payments }, _given, id) =>
    shelved(payments, account.closeInvoice(found(payments, id), 'void')),
  'POST invoices/:id/mark_uncollectible': ({ account, payments }, _given, id) =>
    shelved(payments, account.closeInvoice(found(payments, id), 'uncollectible')),
  'POST payment_intents': ({ account, payments, disputes }, given) => {
    const asked = {
      amount: Number(given.get('amount')),
      currency: text(given, 'currency'),
      metadata: metadataIn(given),
    };
    const manual = given.get('capture_method') === 'manual';
    const payment = manual ? account.manualCapture({ ...asked, captured: asked.amount }) : account.paymentIntent(asked);
    if (DISPUTED.test(text(given, 'payment_method'))) {
      const opened = account.dispute(payment, { inquiry: true });
      disputes.set(opened.id, opened);
    }
    return shelved(payments, payment);
  },
  // The simulator captures in one act with the authorisation.
  'POST payment_intents/:id/capture': (_shop, _given, id) => id,
  'POST refunds': ({ account, payments, refunds }, given) =>
    kept(refunds, account.refund(found(payments, text(given, 'payment_intent')))),
  'GET disputes': (shop, given) => {
    const mine = [...shop.disputes.values()].filter(
      ({ payment }) => payment.paymentIntent === given.get('payment_intent'),
    );
    return { object: 'list', data: mine.map(({ id }) => shown(shop, id) ?? {}), has_more: false };
  },
  'POST disputes/:id/close': ({ account, disputes }, _given, id) => {
    account.closeDispute(found(disputes, id), 'warning_closed');
    return id;
  },
  'POST credit_notes': ({ account, payments, notes }, given) =>
    kept(
      notes,
      account.creditNote(found(payments, text(given, 'invoice')), {
        amount: Number(given.get('lines[0][unit_amount]')),
        as: 'pre_payment',
      }),
    ),
  'POST credit_notes/:id/void': ({ account, notes }, _given, id) => {
    account.voidCreditNote(found(notes, id));
    return id;
  },
  'POST subscriptions': (shop, given) => {
    const trialDays = Number(given.get('trial_period_days') ?? 0);
    const id = kept(
      shop.subscriptions,
      shop.account.subscribe({
        customer: found(shop.customers, text(given, 'customer')),
        price: found(shop.prices, text(given, 'items[0][price]')),
        via: 'api',
        subscriptionMetadata: metadataIn(given),
        ...(trialDays > 0 ? { trialDays } : {}),
      }),
    );
    // Stripe says so three days before, or at once.
    if (trialDays > 0 && trialDays <= 3)
      shop.account.emit('customer.subscription.trial_will_end', shown(shop, id) ?? {});
    return id;
  },
  'DELETE subscriptions/:id': ({ account, subscriptions }, _given, id) => {
    account.cancel(found(subscriptions, id));
    return id;
  },
  'POST checkout/sessions': ({ sessions }, given) => {
    const id = `cs_test_${sessions.size}`;
    sessions.set(id, given);
    return { id, object: 'checkout.session', status: 'open' };
  },
  'GET payment_pages/:id': (_shop, _given, id) => ({ id: `ppage_${id}`, object: 'payment_page' }),
  'POST payment_pages/:id/confirm': ({ account, sessions, prices, plain }, given, id) => {
    const put = found(sessions, id);
    const { amount, currency } = found(prices, text(put, 'line_items[0][price]'));
    const method = found(plain, text(given, 'payment_method'));
    const email = method['billing_details[email]'];
    const debit = method['sepa_debit[iban]'] === BOUNCING ? ('fails' as const) : ('succeeds' as const);
    account.checkoutPayment({
      amount: amount * Number(put.get('line_items[0][quantity]')),
      currency,
      email: typeof email === 'string' ? email : null,
      clientReferenceId: put.get('client_reference_id') ?? undefined,
      metadata: metadataIn(put),
      ...(method['type'] === 'sepa_debit' ? { asyncMethod: debit } : {}),
    });
    return { id: `ppage_${id}`, object: 'payment_page' };
  },
  'POST payment_methods/:id/attach': ({ account }, given, id) => {
    account.emit('payment_method.attached', { id, object: 'payment_method', customer: text(given, 'customer') });
    return id;
  },
};

/** A shop whose happenings `account` records. */
export function openShop(account: SimulatedAccount): Shop {
  const shop: Shelves = {
    account,
    customers: new Map(),
    prices: new Map(),
    items: new Map(),
    payments: new Map(),
    refunds: new Map(),
    disputes: new Map(),
    notes: new Map(),
    subscriptions: new Map(),
    sessions: new Map(),
    plain: new Map(),
  };
  return {
    answer(asked, announce) {
      let object: JsonObject | undefined;
      const events = account.during(() => {
        const done = actFor(asked)?.(shop);
        object = typeof done === 'string' ? shown(shop, done) : done;
      });
      for (const event of events) announce(event);
      return object;
    },
  };
}

/** The act for a request: one of its own, else what every collection can do. */
function actFor({ method, path, given }: Asked): ((shop: Shelves) => string | JsonObject | undefined) | undefined {
  const parts = path.split('/').slice(2);
  for (const [name, act] of Object.entries(ACTS)) {
    const wanted = name.split(/[ /]/);
    const here = [method, ...parts];
    if (wanted.length === here.length && wanted.every((part, index) => part === ':id' || part === here[index]))
      return (shop) => act(shop, given, here[wanted.indexOf(':id')] ?? '');
  }
  const [collection = '', id] = parts;
  if (method === 'GET' && id !== undefined) return () => id;
  if (method === 'POST' && id === undefined && collection in PLAIN) return (shop) => makePlain(shop, collection, given);
  if (id !== undefined && collection in NAMES)
    return (shop) => tell(shop, collection, id, method === 'DELETE' ? 'deleted' : 'updated', given);
  return undefined;
}

function makePlain({ account, plain }: Shelves, collection: string, given: URLSearchParams): JsonObject {
  const { prefix = 'obj', object = collection, announced = false } = PLAIN[collection] ?? {};
  const made = { ...Object.fromEntries(given), id: `${prefix}_${plain.size}`, object, livemode: account.livemode };
  plain.set(made.id, made);
  if (announced) account.emit(`${object}.created`, made);
  return made;
}

/** Changes or deletes anything: its metadata is all that recipes change. */
function tell(
  shop: Shelves,
  collection: string,
  id: string,
  what: 'updated' | 'deleted',
  given: URLSearchParams,
): JsonObject | undefined {
  const before = shown(shop, id);
  if (!before) return undefined;
  const object = { ...before, metadata: { ...(before['metadata'] as Metadata | undefined), ...metadataIn(given) } };
  for (const name of NAMES[collection] ?? []) shop.account.emit(`${name}.${what}`, object);
  return object;
}

/** The object as the newest event that is about it shows it. */
function shown({ account, plain }: Shelves, id: string): JsonObject | undefined {
  const about = account.events.findLast(({ object }) => object.data.object['id'] === id);
  return about?.object.data.object ?? plain.get(id);
}

function kept<T extends { readonly id: string }>(shelf: Map<string, T>, made: T): string {
  shelf.set(made.id, made);
  return made.id;
}

/** A payment is asked for by its invoice or its payment intent. */
function shelved(payments: Map<string, SimulatedPayment>, payment: SimulatedPayment): string {
  const names = [payment.invoice?.id, payment.paymentIntent].filter((name) => name != null);
  for (const name of names) payments.set(name, payment);
  return names[0] ?? '';
}

function found<T>(shelf: Map<string, T>, id: string): T {
  const one = shelf.get(id);
  if (one === undefined) throw new Error(`the shop has no ${id}`);
  return one;
}

function text(given: URLSearchParams, name: string): string {
  return given.get(name) ?? '';
}

function metadataIn(given: URLSearchParams): Metadata {
  const pairs = [...given].flatMap(([name, value]) => {
    const key = /^metadata\[(\w+)\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(pairs);
}
