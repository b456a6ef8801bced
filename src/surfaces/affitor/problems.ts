/** Every refusal as this dialect says it: `{error: sentence}` without an envelope (apis.md 4.1, 6.3). */
import type { Reason, Refusal } from '../../core/refusals.ts';
import type { Reply } from '../surface.ts';

/** `error` null: the refusal's own sentence. */
const PROBLEMS: Readonly<Record<Reason, { readonly status: number; readonly error: string | null }>> = {
  malformed_json: { status: 400, error: 'Invalid JSON body' },
  invalid_input: { status: 400, error: null },
  missing_identifier: { status: 400, error: null },
  identifiers_disagree: { status: 400, error: null },
  referral_not_found: { status: 400, error: null },
  not_found: { status: 400, error: null },
  refund_too_large: { status: 400, error: null },
  nothing_to_refund: { status: 400, error: null },
  affiliate_not_approved: { status: 400, error: null },
  missing_key: { status: 401, error: 'Missing or malformed Authorization header' },
  malformed_key: { status: 401, error: 'Missing or malformed Authorization header' },
  unknown_key: { status: 401, error: 'Invalid API token' },
  revoked_key: { status: 401, error: 'Invalid API token' },
  expired_key: { status: 401, error: 'Invalid API token' },
  wrong_host: { status: 401, error: 'Invalid API token' },
  missing_scope: { status: 401, error: 'Invalid API token' },
  unknown_path: { status: 404, error: 'Not Found' },
  method_not_allowed: { status: 405, error: 'Method Not Allowed' },
  already_exists: { status: 409, error: null },
  different_money: { status: 409, error: null },
  body_too_large: { status: 413, error: 'Payload Too Large' },
  unsupported_media_type: { status: 415, error: 'Unsupported Media Type' },
  rate_limited: { status: 429, error: 'Too Many Requests' },
  internal: { status: 500, error: 'Internal Server Error' },
  database_away: { status: 503, error: 'Service Unavailable' },
};

export function problem({ refused, message }: Refusal): Reply {
  const { status, error } = PROBLEMS[refused];
  return { status, body: { error: error ?? message } };
}
