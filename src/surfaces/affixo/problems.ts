/** Every refusal as this dialect says it: `{error, need?, detail?}` (apis.md 1.2). */
import type { Reason, Refusal } from '../../core/refusals.ts';
import type { Reply } from '../surface.ts';

/** What a schema says of a field that is missing, null or blank. */
export const REQUIRED = 'is required';

type Said = { readonly status: number; readonly error: string };

const UNAUTHORIZED: Said = { status: 401, error: 'unauthorized' };
const NO_LINK: Said = { status: 404, error: 'link_not_found' };
const NOTHING: Said = { status: 404, error: 'unknown_resource' };
/** The only word for a failure that is documented. */
const FAILED: Said = { status: 500, error: 'conversion_failed' };

const PROBLEMS: Readonly<Record<Reason, Said>> = {
  malformed_json: { status: 400, error: 'invalid_json' },
  invalid_input: { status: 400, error: 'invalid_input' },
  missing_identifier: { status: 400, error: 'email_or_name_required' },
  identifiers_disagree: { status: 400, error: 'identifiers_disagree' },
  refund_too_large: { status: 400, error: 'invalid_amount' },
  nothing_to_refund: { status: 400, error: 'nothing_to_refund' },
  affiliate_not_approved: NO_LINK,
  missing_key: UNAUTHORIZED,
  malformed_key: UNAUTHORIZED,
  unknown_key: UNAUTHORIZED,
  revoked_key: UNAUTHORIZED,
  expired_key: UNAUTHORIZED,
  wrong_host: UNAUTHORIZED,
  bad_signature: UNAUTHORIZED,
  unknown_token: UNAUTHORIZED,
  expired_token: UNAUTHORIZED,
  rate_limited: { status: 429, error: 'rate_limited' },
  missing_scope: { status: 403, error: 'insufficient_scope' },
  not_found: NOTHING,
  referral_not_found: NOTHING,
  unknown_path: NOTHING,
  method_not_allowed: { status: 405, error: 'method_not_allowed' },
  already_exists: { status: 409, error: 'already_exists' },
  different_money: { status: 409, error: 'already_exists' },
  body_too_large: { status: 413, error: 'body_too_large' },
  unsupported_media_type: { status: 415, error: 'unsupported_media_type' },
  internal: FAILED,
  database_away: FAILED,
};

/** What was not found is told by the field that named it. */
const NOT_FOUND: Readonly<Record<string, Said>> = {
  ref: NO_LINK,
  external_id: { status: 404, error: 'conversion_not_found' },
};

function said({ refused, field, details }: Refusal): Said {
  if (refused === 'not_found') return NOT_FOUND[field ?? ''] ?? NOTHING;
  if (refused !== 'invalid_input' || field === undefined) return PROBLEMS[refused];
  // A body that is JSON but no object cannot be read either.
  if (field === 'body') return PROBLEMS.malformed_json;
  // The whole field, also when the problem lies inside it.
  const [name = field] = field.split('.');
  return { status: 400, error: details?.[0]?.message === REQUIRED ? `${name}_required` : `invalid_${name}` };
}

export function problem(refusal: Refusal, _requestId: string): Reply {
  const { status, error } = said(refusal);
  const { needs, message } = refusal;
  return { status, body: { error, ...(needs === undefined ? {} : { need: needs }), detail: message } };
}
