import { fraudWarningObject, type FraudWarningSpec } from '../objects/fraud-warning.ts';
import { plain } from '../shelf.ts';
import type { SimulatedFraudWarning, SimulatedPayment } from '../state.ts';
import type { World } from '../world.ts';

/** An issuer reports a payment as probable fraud: `radar.early_fraud_warning.created`. No money moves. */
export function fraudWarning(
  world: World,
  payment: SimulatedPayment,
  given: { charge?: number; fraudType?: string; actionable?: boolean } = {},
): SimulatedFraudWarning {
  const charge = payment.charges[given.charge ?? 0];
  if (!charge) throw new RangeError('fraudWarning: no money moved on Stripe');
  world.beginAutomatic();
  const spec: FraudWarningSpec = {
    id: world.ids.next('issfr'),
    charge: charge.id,
    paymentIntent: charge.paymentIntent,
    created: world.time,
    fraudType: given.fraudType,
    actionable: given.actionable,
    livemode: world.livemode,
  };
  world.tell('radar.early_fraud_warning.created', plain(fraudWarningObject), spec);
  return { id: spec.id, payment, spec };
}

/** The warning changes: `radar.early_fraud_warning.updated`, by default because nothing is left to do. */
export function updateFraudWarning(
  world: World,
  warning: SimulatedFraudWarning,
  { actionable = false, fraudType }: { actionable?: boolean; fraudType?: string } = {},
): void {
  world.beginAutomatic();
  const before = warning.spec;
  warning.spec = { ...before, actionable, fraudType: fraudType ?? before.fraudType };
  const changed = {
    ...((before.actionable ?? true) === actionable ? {} : { actionable: !actionable }),
    ...(fraudType === undefined ? {} : { fraud_type: before.fraudType ?? 'misc' }),
  };
  world.tell('radar.early_fraud_warning.updated', plain(fraudWarningObject), warning.spec, changed);
}
