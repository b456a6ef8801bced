/** Every refusal as this dialect says it: `{success:false, error:{code, message, field?, details?}}` (apis.md 2.1). */
import type { Reason, Refusal } from '../../core/refusals.ts';
import type { Reply } from '../surface.ts';

/** Clients choose their exception by `code` first and by status when no code is sent. */
const PROBLEMS: Readonly<Record<Reason, { readonly status: number; readonly code: string }>> = {
  malformed_json: { status: 400, code: 'VALIDATION_ERROR' },
  invalid_input: { status: 400, code: 'VALIDATION_ERROR' },
  missing_identifier: { status: 400, code: 'VALIDATION_ERROR' },
  identifiers_disagree: { status: 400, code: 'VALIDATION_ERROR' },
  refund_too_large: { status: 400, code: 'VALIDATION_ERROR' },
  nothing_to_refund: { status: 400, code: 'VALIDATION_ERROR' },
  affiliate_not_approved: { status: 400, code: 'VALIDATION_ERROR' },
  missing_key: { status: 401, code: 'MISSING_API_KEY' },
  malformed_key: { status: 401, code: 'INVALID_API_KEY_FORMAT' },
  unknown_key: { status: 401, code: 'INVALID_API_KEY' },
  revoked_key: { status: 401, code: 'API_KEY_DISABLED' },
  expired_key: { status: 401, code: 'API_KEY_EXPIRED' },
  bad_signature: { status: 401, code: 'UNAUTHORIZED' },
  unknown_token: { status: 401, code: 'UNAUTHORIZED' },
  expired_token: { status: 401, code: 'UNAUTHORIZED' },
  missing_scope: { status: 403, code: 'INSUFFICIENT_PERMISSIONS' },
  wrong_host: { status: 403, code: 'FORBIDDEN' },
  not_found: { status: 404, code: 'NOT_FOUND' },
  referral_not_found: { status: 404, code: 'NOT_FOUND' },
  unknown_path: { status: 404, code: 'NOT_FOUND' },
  method_not_allowed: { status: 405, code: 'METHOD_NOT_ALLOWED' },
  already_exists: { status: 409, code: 'DUPLICATE_ERROR' },
  different_money: { status: 409, code: 'DUPLICATE_ERROR' },
  body_too_large: { status: 413, code: 'PAYLOAD_TOO_LARGE' },
  unsupported_media_type: { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
  rate_limited: { status: 429, code: 'RATE_LIMIT_EXCEEDED' },
  internal: { status: 500, code: 'INTERNAL_ERROR' },
  database_away: { status: 503, code: 'TEMPORARILY_UNAVAILABLE' },
};

export function problem(refusal: Refusal, requestId: string): Reply {
  const { status, code } = PROBLEMS[refusal.refused];
  const { message, field, details, missing, retryAfter } = refusal;
  const error = {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(details === undefined ? {} : { details }),
    ...(missing === undefined ? {} : { missing_question_ids: missing }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    request_id: requestId,
  };
  return { status, body: { success: false, error } };
}
