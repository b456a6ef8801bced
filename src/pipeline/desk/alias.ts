/** Which payment a caller means by a Stripe id: of the primary account, or of a further one of the workspace. */
import { stripeMoneyKey } from '../../core/keys.ts';
import { bareEventId, scopedKey } from '../../core/scope.ts';
import { knownKey, subjectOfEvent, type World } from '../../store/conversions.ts';
import { scopesOf } from '../../store/stripe-accounts.ts';
import type { Clockwork } from '../clockwork.ts';

/**
 * The money key behind `evt_1` or `in_1`, where that is not the primary account's bare one; `acct_2/in_1` says which
 * account is meant, also before its event has come. null: the id says it all by itself.
 */
export async function aliasOf({ database }: Clockwork, world: World, id: string): Promise<string | null> {
  const tx = database.of(world.workspace);
  const bare = bareEventId(id);
  if (bare.startsWith('evt_')) return subjectOfEvent(tx, world, id);
  const key = stripeMoneyKey(bare);
  if (key === null) return null;
  const scopes = await scopesOf(tx, world.workspace);
  const named = scopes.find((scope) => id === `${scope}/${bare}`);
  if (named !== undefined) return scopedKey(key, named);
  if (bare !== id || scopes.length === 0) return null;
  // The bare key first: the primary account's payment, and a sale that was told before under this very name.
  return knownKey(tx, world, [key, ...scopes.map((scope) => scopedKey(key, scope))]);
}
