/** What a decision misses and the provider could be asked. Only reads; an answer comes back as an event like any other. */
import type { Collected } from './collect.ts';
import type { Claim } from './facts.ts';
import { isCouponToken } from './keys.ts';
import type { PaymentState } from './state.ts';

export type Question = {
  readonly kind: 'invoice' | 'invoice_payments' | 'price' | 'checkout_session' | 'charge' | 'promotion_code';
  /** The provider's bare id. */
  readonly id: string;
};

const idOf = (key: string): string => key.split(':').slice(2).join(':');

const keysOf = (state: PaymentState, kind: string): string[] =>
  state.keys.filter((key) => key.split(':')[1] === kind && key.startsWith('stripe')).map(idOf);

const ask = (kind: Question['kind'], ids: readonly string[]): Question[] => ids.map((id) => ({ kind, id }));

/** What is missing to know whose money it is and what it bought. `coupons`: the workspace gave some to affiliates. */
export function questionsOf(state: PaymentState, collected: Collected, coupons: boolean): Question[] {
  if (collected.is === 'parked') {
    switch (collected.reason) {
      case 'may_belong_to_invoice':
        return ask('invoice_payments', keysOf(state, 'pi'));
      case 'invoice_not_seen':
        return ask('invoice', keysOf(state, 'invoice'));
      default:
        return [...ask('invoice_payments', keysOf(state, 'pi')), ...ask('charge', keysOf(state, 'ch'))];
    }
  }
  const claims = Object.values(state.claims);
  const named = state.touches.some(({ token }) => isCouponToken(token));
  const bills = claims.filter((claim) => claim.kind === 'bill' && claim.status === 'paid');
  const cut = bills.filter(
    (claim) =>
      claim.detail === 0 || (coupons && !named && claim.detail < 2 && claim.flags.includes('discount_unnamed')),
  );
  return [...ask('invoice', cut.map(keyOfClaim)), ...ask('checkout_session', claims.filter(isOpaque).map(keyOfClaim))];
}

const keyOfClaim = (claim: Claim): string => idOf(claim.key);

/** A paid checkout without an invoice: its payload does not say what was bought. */
function isOpaque(claim: Claim): boolean {
  return claim.kind === 'order' && claim.status === 'paid' && claim.detail < 2 && claim.source.startsWith('stripe');
}

/** The question behind a key of the catalogue; none for an exchange rate. */
export function questionOfKey(key: string): Question[] {
  const [source = '', ...rest] = key.split(':');
  if (!source.startsWith('stripe')) return [];
  if (rest[0] === 'promo') return [{ kind: 'promotion_code', id: rest.slice(1).join(':') }];
  return [{ kind: 'price', id: rest.join(':') }];
}
