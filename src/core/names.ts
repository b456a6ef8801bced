/** What facts name: everything that must be known before they can be absorbed. */
import type { Claim, Fact, Touch } from './facts.ts';
import { isCouponToken, priceKey } from './keys.ts';

/** Everything a fact names that must be known before it can be absorbed. */
export type Names = { money: string[]; customers: string[]; prices: string[]; tokens: string[] };

export function namesOf(facts: readonly Fact[]): Names {
  const names: Names = { money: [], customers: [], prices: [], tokens: [] };
  for (const fact of facts) {
    switch (fact.kind) {
      case 'payment':
        names.money.push(...fact.keys);
        names.tokens.push(...fact.touches.map((touch) => touch.token));
        if (fact.claim?.party) names.customers.push(fact.claim.party);
        if (fact.claim) names.prices.push(...pricesIn(fact.claim));
        names.prices.push(...promotionsIn(fact.touches));
        break;
      case 'refund':
      case 'dispute':
      case 'warning':
      case 'note':
      case 'ruling':
        names.money.push(...fact.keys);
        break;
      case 'customer':
        names.customers.push(fact.key, ...fact.links);
        names.tokens.push(...fact.touches.map((touch) => touch.token));
        names.prices.push(...promotionsIn(fact.touches));
        break;
      case 'price':
      case 'promotion':
        names.prices.push(fact.key);
        break;
    }
  }
  return names;
}

function pricesIn(claim: Claim): string[] {
  return claim.lines.flatMap((line) => line.prices.map((id) => priceKey(claim, id)));
}

/** Coupons that were carried: what the catalogue says of them decides whose they are. */
export function promotionsIn(touches: readonly Touch[]): string[] {
  return touches.map(({ token }) => token).filter(isCouponToken);
}
