/** Whom a customer key leads to, by what was said with a key and by what was said without one. */
import { attribute, type CreditWorld } from '../../core/attribution.ts';
import { referralsIn } from '../../core/book.ts';
import type { Caller } from '../../core/desk.ts';
import { UNPROVEN, type Touch } from '../../core/facts.ts';
import { userKey } from '../../core/keys.ts';
import { EMPTY_PAYMENT } from '../../core/merge.ts';
import { settingsAt, type Settings } from '../../core/rules.ts';
import { load, NOTHING_WANTED } from '../../store/load.ts';
import type { Clockwork } from '../clockwork.ts';
import { fill, newSession } from '../session.ts';

export type KeyCredit = {
  /** There is a customer of this key. */
  readonly known: boolean;
  /** The referral that a payment would be credited to; null: to none. */
  readonly first: string | null;
  /** The referral that a payment would be credited to by what was said with a key; null: by that alone nobody is. */
  readonly certain: string | null;
  /**
   * The referrals that only callers without a key named, in the order in which a payment would be credited to them,
   * without rejected ones; none where something that was said with a key decides.
   */
  readonly claims: readonly string[];
  readonly settings: Settings;
};

/** Whom a customer key leads to in the caller's world, as a payment of this moment would be credited. */
export async function creditOfKey(work: Clockwork, caller: Caller, customerKey: string | null): Promise<KeyCredit> {
  const { workspace, livemode } = caller;
  const customers = customerKey === null ? [] : [userKey(customerKey)];
  const loaded = await load(work.database.of(workspace), workspace, livemode, 'operator', {
    ...NOTHING_WANTED,
    customers,
  });
  const { book, ...session } = newSession(() => work.newId('pay'));
  fill({ book, ...session }, loaded);
  const rules = await work.rules.of(workspace, loaded.rulesVersion);
  const settings = settingsAt(rules, rules.version);
  const [party] = customers;
  if (party === undefined || !book.customers.has(party))
    return { known: false, first: null, certain: null, claims: [], settings };
  const bought = { party, subscription: null, paidAt: work.now(), moneyKey: party };
  const world: CreditWorld = {
    customer: (key) => book.customers.get(key),
    referral: referralsIn(book),
    price: (key) => book.prices.get(key),
    rules,
  };
  const credit = (among: CreditWorld) => attribute(EMPTY_PAYMENT, bought, among, settings);
  const said = credit(only(world, ({ rank }) => rank < UNPROVEN));
  const found = { known: true, first: credit(world).referral?.id ?? null, settings };
  if (said.referral !== null) return { ...found, certain: said.referral.id, claims: [] };
  // Who was rejected is not taken back by what anybody says.
  const claims = said.reason === 'referral_rejected' ? [] : claimsIn(world, credit);
  return { ...found, certain: null, claims };
}

function only(world: CreditWorld, counts: (touch: Touch) => boolean): CreditWorld {
  const customer: CreditWorld['customer'] = (key) => {
    const state = world.customer(key);
    return state && { ...state, touches: state.touches.filter(counts) };
  };
  return { ...world, customer };
}

/** Each is found by leaving out those that come before it. */
function claimsIn(world: CreditWorld, credit: (among: CreditWorld) => ReturnType<typeof attribute>): string[] {
  const claims: string[] = [];
  const referral: CreditWorld['referral'] = (token, paidAt) => {
    const named = world.referral(token, paidAt);
    return named && !named.rejected && !claims.includes(named.id) ? named : undefined;
  };
  const unproven = { ...only(world, ({ rank }) => rank >= UNPROVEN), referral };
  for (;;) {
    const next = credit(unproven).referral;
    if (next === null) return claims;
    claims.push(next.id);
  }
}
