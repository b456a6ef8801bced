/** Bank debits that came back weeks after they were paid (cases.md 112). */
import type { Claim } from './facts.ts';

/** Paid once, failed after all: a bank debit that came back. It was a sale, and what it brought is gone. */
export function wasReturned({ kind, status, proof }: Claim): boolean {
  return kind === 'charge' && status === 'failed' && proof !== null;
}

/** What a charge brought; a failed one may no longer say what was captured. */
export function broughtBy({ paid, total }: Claim): bigint {
  return paid > 0n ? paid : total;
}

/** A debit that came back and was paid again by another charge is cash once. */
export function standingLegs(legs: readonly Claim[]): readonly Claim[] {
  const paid = legs.filter((claim) => claim.status === 'paid');
  return paid.length > 0 ? paid : legs;
}

/** Cash that a leg brought, whether or not it stayed. */
export const wasCash = (claim: Claim): bigint => (wasReturned(claim) ? broughtBy(claim) : claim.paid);
