/** For which reasons a call of a route may be refused. */
import type { Reason } from '../../core/refusals.ts';
import type { Route, Surface } from '../../surfaces/surface.ts';

const OF_KEYS: readonly Reason[] = [
  'missing_key',
  'malformed_key',
  'unknown_key',
  'revoked_key',
  'expired_key',
  'wrong_host',
];
const OF_TOKENS: readonly Reason[] = ['unknown_token', 'expired_token'];
const OF_BODIES: readonly Reason[] = ['malformed_json', 'body_too_large', 'unsupported_media_type'];
const OF_WRITING: readonly Reason[] = ['already_exists', 'different_money', 'refund_too_large', 'nothing_to_refund'];
/** Said before anything of the request was read, or of no field of it. */
export const BEFORE_FIELDS: readonly Reason[] = [
  ...OF_KEYS,
  ...OF_BODIES,
  ...OF_TOKENS,
  'bad_signature',
  'unknown_path',
  'method_not_allowed',
  'internal',
  'database_away',
];
/** A path that is documented is there, with its method. */
const OF_STRANGERS: readonly Reason[] = ['unknown_path', 'method_not_allowed'];

/** Whether a call of this route may be refused for this reason. */
export function mayRefuse(surface: Surface, route: Route, reason: Reason): boolean {
  if (OF_STRANGERS.includes(reason)) return false;
  if (OF_BODIES.includes(reason)) return route.body !== undefined;
  if (OF_WRITING.includes(reason)) return route.method !== 'GET';
  if (OF_TOKENS.includes(reason)) return route.tokened === true;
  if (reason === 'bad_signature') return route.signed !== undefined;
  if (reason === 'missing_key') return route.keyless === undefined;
  if (OF_KEYS.includes(reason)) return route.keyless !== 'always';
  if (reason === 'missing_scope') return route.keyless !== 'always' && needsScope(surface, route);
  return true;
}

/** Some dialects have no permissions: a key is for everything. */
export function needsScope({ keys }: Surface, { scope }: Route): boolean {
  return keys.scope.test(scope) && !keys.allows(['-'], scope);
}
