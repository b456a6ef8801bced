/** Why an event has no effect: codes for the inbox, and words for the operator. */
import type { Translation } from '../../core/facts.ts';

export const IGNORED = {
  unhandled_type: 'this event type moves no money that earns commission',
  thin_event: 'a thin event carries no data: subscribe this endpoint to snapshot events instead',
  connect_transfer: 'a charge made by a Connect transfer moves money between accounts, it is not a sale',
  expired_authorisation: 'an authorisation ran out; it was never a sale',
  refund_without_payment: 'the refund names neither a charge nor a payment intent',
  dispute_without_payment: 'it names neither a charge nor a payment intent',
  setup_session: 'a setup checkout saves a card and takes no money',
  no_payment_required: 'the checkout cost nothing and names nobody',
  session_without_party: 'the checkout leaves its money to an invoice and names nobody',
  nothing_new: 'the object carries no identity, referral or price that is not known by its name alone',
  unknown_interval: 'the price recurs in a unit this version does not know',
  no_invoice_payment: 'no invoice names this payment intent so far',
} as const;

/** A translation that says nothing, and why. */
export function ignore(code: keyof typeof IGNORED): Translation {
  return { ignored: code };
}
