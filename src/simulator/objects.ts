/** The pure builders: plain Stripe objects of either payload family, from a short description. */
export * from './objects/charge.ts';
export * from './objects/checkout-session.ts';
export * from './objects/credit-note.ts';
export * from './objects/customer.ts';
export * from './objects/discount.ts';
export * from './objects/dispute.ts';
export * from './objects/event.ts';
export * from './objects/fraud-warning.ts';
export * from './objects/invoice.ts';
export * from './objects/invoice-payment.ts';
export * from './objects/line.ts';
export * from './objects/payment-intent.ts';
export * from './objects/price.ts';
export * from './objects/refund.ts';
export * from './objects/subscription.ts';
export * from './objects/totals.ts';
