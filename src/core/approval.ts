/** When a person has to look at a commission before it is paid. */
import type { Sale } from './collect.ts';
import { specificity, type Incentive } from './incentives.ts';
import type { AffiliateView, Rules, Settings } from './rules.ts';

/**
 * Lines are missing from the payload and some incentive looks at them: the total is right, who pays for which part of it
 * is not certain, so a person looks at it (cases.md 19).
 */
function choosesByLine(rules: Rules, program: string): boolean {
  return rules.incentives.some(({ programId, terms }) => programId === program && specificity(terms) < 5);
}

/** A limit in another currency cannot be compared with the amount, so a person looks. */
function needsApproval({ terms }: Incentive, amount: bigint, currency: string): boolean {
  if (terms.approvalType === 'manual') return true;
  return terms.manualAbove !== null && (terms.currency !== currency || amount > terms.manualAbove);
}

type Question = {
  readonly sale: Sale;
  readonly settings: Settings;
  readonly rules: Rules;
  readonly partner: AffiliateView['history'][number] | undefined;
  readonly programId: string;
  readonly incentives: readonly Incentive[];
  readonly amount: bigint;
  readonly currency: string;
  readonly selfReferral: boolean;
};

/** Does anything about the sale, the partner or the incentives ask for a person's word? */
export function waitsForApproval(question: Question): boolean {
  const { sale, settings, rules, partner, programId, incentives, amount, currency, selfReferral } = question;
  // Money from outside the provider, which the program neither trusts nor leaves out.
  const untrusted = sale.outOfBand && !settings.trustOutOfBand && !settings.excludeOutOfBand;
  return (
    incentives.some((incentive) => needsApproval(incentive, amount, currency)) ||
    untrusted ||
    selfReferral ||
    partner?.held === true ||
    (sale.linesIncomplete && choosesByLine(rules, programId))
  );
}

/** The buyer's names include the partner's own e-mail: held for review, never dropped in silence (cases.md 77). */
export function isSelfReferral(
  buyer: readonly string[],
  partner: AffiliateView['history'][number] | undefined,
): boolean {
  return partner?.email != null && buyer.includes(`email:${partner.email}`);
}
