/** What the provider says about one event; the payload passes through JSON text, as in life. */
import type {
  Claim,
  CustomerFact,
  EventRef,
  Fact,
  PaymentFact,
  PriceFact,
  Refund,
  RefundFact,
} from '../../../src/core/facts.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { Family } from '../../../src/simulator/family.ts';
import type { JsonObject } from '../../../src/simulator/json.ts';
import { eventObject } from '../../../src/simulator/objects.ts';

/** 2026-03-01T00:00:00Z, unix seconds. */
export const T = 1_772_323_200;
export const AT = T * 1000;

export const FAMILIES: readonly Family[] = ['old', 'acacia', 'basil'];

export function refOf(type: string, over: Partial<EventRef> = {}): EventRef {
  return {
    source: 'stripe',
    id: 'evt_1',
    type,
    at: AT,
    livemode: true,
    rules: 1,
    received: AT,
    ...over,
  };
}

export function translated(type: string, object: unknown, over: Partial<EventRef> = {}) {
  const event = eventObject('basil', {
    id: 'evt_1',
    type,
    created: T,
    object: object as JsonObject,
  });
  return stripe.translate(refOf(type, over), JSON.parse(JSON.stringify(event)));
}

export function said(type: string, object: unknown, over: Partial<EventRef> = {}): readonly Fact[] {
  const translation = translated(type, object, over);
  if ('ignored' in translation) throw new Error(`ignored: ${translation.ignored}`);
  return translation.facts;
}

export function ignored(type: string, object: unknown): string {
  const translation = translated(type, object);
  return 'ignored' in translation ? translation.ignored : 'not ignored';
}

function only<T extends Fact>(facts: readonly Fact[], kind: T['kind']): T {
  const found = facts.filter((fact): fact is T => fact.kind === kind);
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`expected one ${kind}, got ${found.length}`);
  return first;
}

export const paymentIn = (facts: readonly Fact[]): PaymentFact => only<PaymentFact>(facts, 'payment');
export const customerIn = (facts: readonly Fact[]): CustomerFact => only<CustomerFact>(facts, 'customer');
export const refundIn = (facts: readonly Fact[]): Refund => only<RefundFact>(facts, 'refund').refund;
export const refundsIn = (facts: readonly Fact[]): RefundFact[] =>
  facts.filter((fact): fact is RefundFact => fact.kind === 'refund');
export const pricesIn = (facts: readonly Fact[]): PriceFact[] =>
  facts.filter((fact): fact is PriceFact => fact.kind === 'price');

export function claimIn(facts: readonly Fact[]): Claim {
  const { claim } = paymentIn(facts);
  if (!claim) throw new Error('expected a claim');
  return claim;
}

/** What both shapes must agree on: basil lines do not say how their price recurs. */
export function comparable(claim: Claim): Claim {
  return { ...claim, lines: claim.lines.map((line) => ({ ...line, interval: null })) };
}
