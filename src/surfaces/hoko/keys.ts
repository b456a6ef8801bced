/** Hoko's keys have no published look: new ones begin with `hoko_`, any token that was brought along is taken (apis.md 3.1). */
import type { KeyFamily } from '../../core/families.ts';

export const keys: KeyFamily = {
  name: 'hoko',
  beginnings: { live: 'hoko_', test: 'hoko_test_' },
  affiliateBeginnings: null,
  shape: /^[A-Za-z0-9._~+/=-]{16,200}$/,
  how: 'Send your key as "Authorization: Bearer hoko_…".',
  scope: /^(\*|(links|collections|tags|partners)(Read|Write)|analyticsRead|conversionsWrite|customersRead)$/,
  /** A bare key without the word Bearer passes too. */
  read(authorization) {
    return /^(?:bearer +)?(\S+) *$/i.exec(authorization)?.[1] ?? null;
  },
  allows: (scopes, needed) => scopes.includes('*') || scopes.includes(needed),
};
