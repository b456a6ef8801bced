/** Who sees an affiliate's numbers without a key. */
import { column, nullable, primary, table } from './entity.ts';

export const passes = table(
  'passes',
  {
    workspace_id: primary(column.id),
    pass_hash: primary(column.bytes),
    purpose: column.text,
    affiliate_id: column.id,
    livemode: column.flag,
    created_at: column.at,
    expires_at: column.at,
    used_at: nullable(column.at),
  },
  {
    references: { affiliates: ['workspace_id', 'affiliate_id'] },
    indexes: [
      { name: 'passes_by_hash', columns: ['pass_hash'] },
      { name: 'passes_by_affiliate', columns: ['workspace_id', 'affiliate_id'] },
      { name: 'passes_by_end', columns: ['workspace_id', 'expires_at'] },
    ],
    checks: ['passes_pass_hash_check', 'passes_purpose_check'],
  },
);
