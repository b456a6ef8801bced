/** Affonso's keys: `sk_live_…` and `sk_dev_…`, permissions such as `write:commissions` (apis.md 2.1). */
import { bearerToken, type KeyFamily } from '../../core/families.ts';
import type { Signs, Surface } from '../surface.ts';

export const keys: KeyFamily = {
  name: 'affonso',
  beginnings: { live: 'sk_live_', test: 'sk_dev_' },
  affiliateBeginnings: null,
  shape: /^sk_(live|dev)_[A-Za-z0-9_-]{16,200}$/,
  how: 'Send your key as "Authorization: Bearer sk_live_…".',
  scope: /^(\*|(read|write|delete|create):(\*|[a-z_]+))$/,
  read: bearerToken,
  /** `*` allows everything, `write:*` every writing. */
  allows(scopes, needed) {
    const [verb] = needed.split(':');
    return scopes.includes('*') || scopes.includes(needed) || scopes.includes(`${verb}:*`);
  },
};

/** The smallest of its plans (apis.md 2.1). */
export const limits: Surface['limits'] = {
  windows: [
    { points: 300, seconds: 60 },
    { points: 10, seconds: 1 },
  ],
  told: true,
};

/** Its lists are asked for by page, and its own client says who it is (apis.md 6.1). */
export function knows({ query, userAgent }: Signs): boolean {
  return query.has('page') || query.has('expand') || userAgent.startsWith('affonso-sdk/');
}
