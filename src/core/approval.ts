/** When a person has to look at a commission before it is paid. */
import { specificity, type Incentive } from './incentives.ts';
import type { Rules } from './rules.ts';

/**
 * Lines are missing from the payload and some incentive looks at them: the total is right, who pays for which part of it
 * is not certain, so a person looks at it (cases.md 19).
 */
export function choosesByLine(rules: Rules, program: string): boolean {
  return rules.incentives.some(({ programId, terms }) => programId === program && specificity(terms) < 5);
}

/** A limit in another currency cannot be compared with the amount, so a person looks. */
export function needsApproval({ terms }: Incentive, amount: bigint, currency: string): boolean {
  if (terms.approvalType === 'manual') return true;
  return terms.manualAbove !== null && (terms.currency !== currency || amount > terms.manualAbove);
}
