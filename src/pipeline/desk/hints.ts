/** What an operator can do about an event that had no effect. Codes of the pipeline and of the providers. */
import { reasonInWords } from '../../core/explain.ts';

const HINTS: Readonly<Record<string, string>> = {
  may_belong_to_invoice:
    'An invoice may still name this payment as its own. Nothing to do: it counts as a one-time sale when its deadline has passed.',
  invoice_not_seen:
    'The invoice it belongs to was not seen. Subscribe the endpoint to invoice.paid, and resend the invoice’s event from the Stripe dashboard if it is older.',
  no_exchange_rate:
    'No exchange rate of its day, or of the seven days before, is known. Give it: tributary rates add, or POST /v1/exchange_rates; then it is decided by itself.',
  refund_before_sale:
    'The sale it takes back was not seen. Resend the payment’s event from the Stripe dashboard; a sale from before the endpoint existed needs nothing.',
  unroutable_account:
    'It speaks of a connected account that no workspace has registered. Register the account (tributary stripe accounts add), then replay it.',
  handed_to_its_workspace: 'Its account was registered meanwhile; it counts there. Nothing to do.',
  unhandled_type:
    'This type moves no money that earns commission. Nothing to do; you may unsubscribe the endpoint from it.',
  thin_event: 'A thin event carries no data. Subscribe the endpoint to snapshot events instead.',
  connect_transfer: 'It is money moved between Connect accounts, not a sale. Nothing to do.',
  expired_authorisation: 'An authorisation ran out and was never a sale. Nothing to do.',
  refund_without_payment: 'The refund names neither a charge nor a payment intent, so it cannot be matched to a sale.',
  setup_session: 'A setup checkout saves a card and takes no money. Nothing to do.',
  no_payment_required: 'The checkout cost nothing and names nobody. Nothing to do.',
  session_without_party: 'The checkout leaves its money to an invoice, which tells it. Nothing to do.',
  nothing_new: 'It says nothing that is not known from other events. Nothing to do.',
  unknown_interval: 'The price recurs in a unit that this version does not know. Update, then replay it.',
};

type State = { readonly state: string; readonly reason: string | null; readonly attempts: number };

/** The reason in words and what to do; null: there is nothing to say. */
export function hintOf({ state, reason, attempts }: State): string | null {
  if (state === 'failed')
    return `It failed ${attempts} times; the reason is the last error. Remove the cause, then replay it.`;
  if (state === 'pending')
    return reason === null
      ? 'A worker is about to take it.'
      : 'It failed and will be tried again; the reason is the last error.';
  if (reason === null) return null;
  return HINTS[reason] ?? `${reasonInWords(reason)}.`;
}
