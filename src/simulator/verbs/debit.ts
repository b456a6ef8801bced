import { DAY } from '../calendar.ts';
import type { Metadata } from '../json.ts';
import { chargeObject } from '../objects/charge.ts';
import { invoiceAmounts, invoiceObject, type InvoiceSpec } from '../objects/invoice.ts';
import { paymentIntentObject } from '../objects/payment-intent.ts';
import type { SimulatedPayment } from '../state.ts';
import type { World } from '../world.ts';
import {
  announceIntent,
  announceInvoicePayment,
  announceMoney,
  announcePaid,
  paidInvoice,
  paymentOf,
  planTaking,
  type Taken,
} from './money.ts';

/** A bank debit: it takes days to succeed, or to fail. */
export interface DebitArguments {
  outcome?: 'succeeds' | 'fails' | undefined;
  /** Default 4. */
  afterDays?: number | undefined;
  paymentMetadata?: Metadata | undefined;
}

/** The bank has been asked: `payment_intent.created`, `charge.pending`, `payment_intent.processing`. */
export function startDebit(world: World, open: InvoiceSpec, metadata?: Metadata): Taken {
  const { due } = invoiceAmounts(world.family, open);
  const planned = planTaking(world, {
    amount: due,
    currency: open.currency,
    customer: open.customer ?? null,
    email: open.customerEmail ?? null,
    invoice: open.id,
    method: 'sepa_debit',
    metadata,
  });
  announceIntent(world, planned);
  world.time += 2;
  const pending: Taken = {
    charge: { ...planned.charge, status: 'pending', created: world.time },
    intent: { ...planned.intent, status: 'processing', latestCharge: planned.charge.id },
  };
  world.tell('charge.pending', chargeObject, pending.charge);
  world.tell('payment_intent.processing', paymentIntentObject, pending.intent);
  return pending;
}

/** The bank has answered; a failure leaves the invoice open with `invoice.payment_failed`. */
export function endDebit(world: World, open: InvoiceSpec, pending: Taken, succeeds: boolean): SimulatedPayment {
  if (succeeds) {
    const taken = announceMoney(world, pending);
    const paid = paidInvoice(world, open, taken);
    announcePaid(world, paid);
    announceInvoicePayment(world, paid, taken);
    return paymentOf(paid, [taken]);
  }
  const failing: InvoiceSpec = { ...open, attempts: 1 };
  world.tell('charge.failed', chargeObject, { ...pending.charge, status: 'failed' });
  world.tell('payment_intent.payment_failed', paymentIntentObject, {
    ...pending.intent,
    status: 'requires_payment_method',
  });
  world.tell('invoice.payment_failed', invoiceObject, failing);
  return paymentOf(failing, []);
}

/**
 * Pays an open invoice by bank debit (scenario 17): it stays open for days, then `invoice.paid` or
 * `invoice.payment_failed`. A debit that succeeded may still come back: `bankReturn`.
 */
export function payInvoiceByDebit(
  world: World,
  unpaid: SimulatedPayment,
  { outcome = 'succeeds', afterDays = 4, paymentMetadata }: DebitArguments = {},
): SimulatedPayment {
  if (!unpaid.invoice) throw new RangeError('payInvoiceByDebit: this payment has no invoice');
  world.beginCall();
  const pending = startDebit(world, unpaid.invoice, paymentMetadata);
  world.time += Math.round(afterDays * DAY);
  world.beginAutomatic();
  return endDebit(world, unpaid.invoice, pending, outcome === 'succeeds');
}
