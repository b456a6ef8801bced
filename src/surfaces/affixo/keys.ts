/**
 * Affixo's keys: a workspace's `sa_live_…`, an affiliate's own `refa_live_…`; `sa_test_` and `refa_test_` for the test
 * world (apis.md 1.1).
 */
import { bearerToken, type KeyFamily } from '../../core/families.ts';

export const keys: KeyFamily = {
  name: 'affixo',
  beginnings: { live: 'sa_live_', test: 'sa_test_' },
  affiliateBeginnings: { live: 'refa_live_', test: 'refa_test_' },
  shape: /^(sa|refa)_(live|test)_[A-Za-z0-9_-]{16,200}$/,
  how: 'Send your key as "Authorization: Bearer sa_live_…".',
  scope: /^(\*|read|write|track)$/,
  read: bearerToken,
  /** A key with an empty list still has read access. */
  allows(scopes, needed) {
    return scopes.includes('*') || scopes.includes(needed) || (needed === 'read' && scopes.length === 0);
  },
};
