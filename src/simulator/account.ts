import { DAY, HOUR } from './calendar.ts';
import type { JsonObject } from './json.ts';
import * as catalog from './verbs/catalog.ts';
import { changePrice } from './verbs/changes.ts';
import * as coupons from './verbs/coupons.ts';
import * as notes from './verbs/credit-notes.ts';
import { payInvoiceByDebit } from './verbs/debit.ts';
import * as direct from './verbs/direct.ts';
import * as disputes from './verbs/disputes.ts';
import * as edits from './verbs/edits.ts';
import * as invoices from './verbs/invoices.ts';
import { checkoutPayment } from './verbs/one-time.ts';
import { payPart } from './verbs/parts.ts';
import * as refunds from './verbs/refunds.ts';
import * as renewals from './verbs/renewals.ts';
import { setupSession } from './verbs/setup.ts';
import { subscribe } from './verbs/subscribe.ts';
import * as warnings from './verbs/warnings.ts';
import type { StripeObjects } from './shelf.ts';
import { type AccountOptions, createWorld, type SimulatedEvent, type World } from './world.ts';

export type { StripeObjects } from './shelf.ts';
export type { AccountOptions, SimulatedEvent } from './world.ts';
export type * from './state.ts';

/** A verb without its first argument, the world. */
type Bound<V> = V extends (world: World, ...given: infer A) => infer R ? (...given: A) => R : never;

const VERBS = {
  customer: catalog.customer,
  updateCustomer: catalog.updateCustomer,
  deleteCustomer: catalog.deleteCustomer,
  price: catalog.price,
  promotionCode: coupons.promotionCode,
  updatePromotionCode: coupons.updatePromotionCode,
  giveDiscount: coupons.giveDiscount,
  endDiscount: coupons.endDiscount,
  editSubscription: edits.editSubscription,
  editInvoice: edits.editInvoice,
  editCharge: edits.editCharge,
  deauthorize: edits.deauthorize,
  subscribe,
  renew: renewals.renew,
  trialEnd: renewals.trialEnd,
  failThenPay: renewals.failThenPay,
  cancel: renewals.cancel,
  changePrice,
  checkoutPayment,
  setupSession,
  paymentIntent: direct.paymentIntent,
  manualCapture: direct.manualCapture,
  legacyCharge: direct.legacyCharge,
  transferPayment: direct.transferPayment,
  invoice: invoices.invoice,
  closeInvoice: invoices.closeInvoice,
  payInvoice: invoices.payInvoice,
  payInvoiceInParts: invoices.payInvoiceInParts,
  payPart,
  payInvoiceByDebit,
  invoicePaidBy: invoices.invoicePaidBy,
  refund: refunds.refund,
  settleRefund: refunds.settleRefund,
  failRefund: refunds.failRefund,
  editRefund: refunds.editRefund,
  dispute: disputes.dispute,
  escalateDispute: disputes.escalateDispute,
  answerDispute: disputes.answerDispute,
  closeDispute: disputes.closeDispute,
  bankReturn: disputes.bankReturn,
  preventedDispute: disputes.preventedDispute,
  fraudWarning: warnings.fraudWarning,
  updateFraudWarning: warnings.updateFraudWarning,
  creditNote: notes.creditNote,
  voidCreditNote: notes.voidCreditNote,
} as const;

type Verbs = { readonly [Name in keyof typeof VERBS]: Bound<(typeof VERBS)[Name]> };

/** A simulated Stripe account: verbs that do what merchants and buyers do, and the events that follow. */
export interface SimulatedAccount extends Verbs {
  readonly family: AccountOptions['family'];
  readonly livemode: boolean;
  /** The connected account id, when there is one. */
  readonly account: string | undefined;
  /** All events so far, by creation time. */
  readonly events: readonly SimulatedEvent[];
  /** Unix seconds UTC. */
  readonly now: number;
  /** The account as Stripe's API shows it now. */
  readonly objects: StripeObjects;
  /** Every line of an invoice: events show the first ten. Basil shape. */
  linesOf(invoice: string): JsonObject[];
  /** Lets time pass. */
  advance(by: { days?: number; hours?: number; seconds?: number }): void;
  /** Sets the clock to any moment, also back: for histories of customers that live side by side. */
  at(moment: number): void;
  /** Sends any object as any event, for what no verb covers. */
  emit(type: string, object: JsonObject, previousAttributes?: JsonObject): SimulatedEvent;
  /** The events that an act causes. */
  during(act: () => void): readonly SimulatedEvent[];
}

function bindVerbs(world: World): Verbs {
  const bound = Object.entries(VERBS).map(
    ([name, verb]) => [name, (verb as (...all: unknown[]) => unknown).bind(null, world)] as const,
  );
  return Object.fromEntries(bound) as unknown as Verbs;
}

/** Creates a simulated account. Equal options and equal verbs give equal events, byte for byte. */
export function createAccount(options: AccountOptions): SimulatedAccount {
  const world = createWorld(options);
  return {
    ...bindVerbs(world),
    family: world.family,
    livemode: world.livemode,
    account: options.account,
    get events() {
      return world.recorded.toSorted((a, b) => a.created - b.created);
    },
    get now() {
      return world.time;
    },
    objects: world.shelf.objects,
    linesOf: (id) => world.shelf.objects.linesOf(id),
    advance: ({ days = 0, hours = 0, seconds = 0 }) => {
      world.time += Math.round(days * DAY + hours * HOUR + seconds);
    },
    at: (moment) => {
      world.time = Math.floor(moment);
    },
    emit: (type, object, previous) => {
      world.beginCall();
      return world.emit(type, object, previous);
    },
    during: (act) => {
      const from = world.recorded.length;
      act();
      return world.recorded.slice(from);
    },
  };
}
