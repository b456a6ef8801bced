import type { Metadata } from '../json.ts';
import { checkoutSessionObject } from '../objects/checkout-session.ts';
import type { SimulatedCustomer } from '../state.ts';
import type { World } from '../world.ts';

/** A session that only stores a card (mode `setup`): never money. Returns the session's id. */
export function setupSession(
  world: World,
  given: {
    customer?: SimulatedCustomer | null;
    clientReferenceId?: string;
    metadata?: Metadata;
  } = {},
): string {
  world.beginCall();
  const id = world.ids.session(world.livemode);
  const spec = {
    id,
    mode: 'setup' as const,
    created: world.time,
    currency: null,
    paymentStatus: 'no_payment_required' as const,
    customer: given.customer?.id ?? null,
    email: given.customer?.email ?? null,
    clientReferenceId: given.clientReferenceId,
    metadata: given.metadata,
    setupIntent: world.ids.next('seti'),
    livemode: world.livemode,
  };
  world.tell('checkout.session.completed', checkoutSessionObject, spec);
  return id;
}
