/** What facts name: everything that must be known before they can be absorbed. */
import type { Claim, Fact } from './facts.ts';
import { priceKey } from './keys.ts';

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
        break;
      case 'refund':
      case 'ruling':
        names.money.push(...fact.keys);
        break;
      case 'customer':
        names.customers.push(fact.key, ...fact.links);
        names.tokens.push(...fact.touches.map((touch) => touch.token));
        break;
      case 'price':
        names.prices.push(fact.key);
        break;
    }
  }
  return names;
}

function pricesIn(claim: Claim): string[] {
  return claim.lines.flatMap((line) => line.prices.map((id) => priceKey(claim, id)));
}
