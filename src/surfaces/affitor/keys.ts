/** Affitor's keys: `aff_…` (older ones `affitor_…`), each for one program and for everything in it (apis.md 4.1). */
import type { KeyFamily } from '../../core/families.ts';

export const keys: KeyFamily = {
  name: 'affitor',
  beginnings: { live: 'aff_', test: 'aff_test_' },
  affiliateBeginnings: null,
  // Whatever is no key is said to be an unknown one: this dialect calls only headers malformed.
  shape: /^\S{1,512}$/,
  how: 'Send your key as "Authorization: Bearer aff_…".',
  scope: /^\*$/,
  /** The word must be written `Bearer `. */
  read: (authorization) => /^Bearer +(\S+) *$/.exec(authorization)?.[1] ?? null,
  allows: () => true,
};
