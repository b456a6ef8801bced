/** One of each object, as the tests vary them. */
import type { ChargeSpec, CheckoutSessionSpec, InvoiceLineSpec, InvoiceSpec } from '../../../src/simulator/objects.ts';
import { T } from './said.ts';

export const MONTHLY = {
  id: 'price_m',
  product: 'prod_1',
  currency: 'usd',
  amount: 9900,
  interval: 'month' as const,
  intervalCount: 1,
};

export const INVOICE: InvoiceSpec = {
  id: 'in_1',
  created: T,
  currency: 'usd',
  status: 'paid',
  paidAt: T - 60,
  customer: 'cus_1',
  customerEmail: ' Ann@Example.com ',
  subscription: 'sub_1',
  subscriptionMetadata: { affonso_referral: 'ref_a', userId: 'u1' },
  metadata: { affitor_click_id: 'clk_b', ref: 'ref_a' },
  charge: 'ch_1',
  paymentIntent: 'pi_1',
  lines: [{ amount: 9900, price: MONTHLY, period: { start: T, end: T + 31 * 86_400 } }],
};

export const CHARGE: ChargeSpec = {
  id: 'ch_1',
  amount: 10_000,
  currency: 'usd',
  created: T - 60,
  paymentIntent: 'pi_1',
  customer: 'cus_1',
  email: 'ann@example.com',
  metadata: { hoko_id: 'h1' },
};

export const SESSION: CheckoutSessionSpec = {
  id: 'cs_1',
  mode: 'payment',
  created: T,
  currency: 'usd',
  amountTotal: 12_000,
  amountTax: 1500,
  amountShipping: 500,
  paymentStatus: 'paid',
  email: 'guest@example.com',
  clientReferenceId: 'ref_c',
  metadata: { affonso_referral: 'ref_m' },
  paymentIntent: 'pi_1',
};

/** A paid subscription invoice of one line. */
export function oneLine(over: InvoiceLineSpec, invoiceOver: Partial<InvoiceSpec> = {}): InvoiceSpec {
  return {
    id: 'in_1',
    created: T,
    currency: 'usd',
    customer: 'cus_1',
    subscription: 'sub_1',
    status: 'paid',
    lines: [over],
    ...invoiceOver,
  };
}
