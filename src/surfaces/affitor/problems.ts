/** Every refusal as this dialect says it: `{error: sentence}` without an envelope (apis.md 4.1, 6.3). */
import type { Reason, Refusal } from '../../core/refusals.ts';
import type { Reply } from '../surface.ts';

/** `error` null: the refusal's own sentence. `code`: the same for the agents' endpoints. */
type Said = { readonly status: number; readonly error: string | null; readonly code: string };

const WRONG = 'invalid_request';
const KEY = 'invalid_key';
const FAILED = 'internal_error';

const PROBLEMS: Readonly<Record<Reason, Said>> = {
  malformed_json: { status: 400, error: 'Invalid JSON body', code: WRONG },
  invalid_input: { status: 400, error: null, code: WRONG },
  missing_identifier: { status: 400, error: null, code: WRONG },
  identifiers_disagree: { status: 400, error: null, code: WRONG },
  referral_not_found: { status: 400, error: null, code: WRONG },
  not_found: { status: 404, error: null, code: 'not_found' },
  refund_too_large: { status: 400, error: null, code: WRONG },
  nothing_to_refund: { status: 400, error: null, code: WRONG },
  affiliate_not_approved: { status: 400, error: null, code: WRONG },
  missing_key: { status: 401, error: 'Missing or malformed Authorization header', code: KEY },
  malformed_key: { status: 401, error: 'Missing or malformed Authorization header', code: KEY },
  unknown_key: { status: 401, error: 'Invalid API token', code: KEY },
  revoked_key: { status: 401, error: 'Invalid API token', code: KEY },
  expired_key: { status: 401, error: 'Invalid API token', code: KEY },
  wrong_host: { status: 401, error: 'Invalid API token', code: KEY },
  bad_signature: { status: 401, error: null, code: KEY },
  unknown_token: { status: 401, error: null, code: KEY },
  expired_token: { status: 401, error: null, code: KEY },
  missing_scope: { status: 401, error: 'Invalid API token', code: KEY },
  unknown_path: { status: 404, error: 'Not Found', code: 'not_found' },
  method_not_allowed: { status: 405, error: 'Method Not Allowed', code: 'method_not_allowed' },
  already_exists: { status: 409, error: null, code: 'conflict' },
  different_money: { status: 409, error: null, code: 'conflict' },
  body_too_large: { status: 413, error: 'Payload Too Large', code: WRONG },
  unsupported_media_type: { status: 415, error: 'Unsupported Media Type', code: WRONG },
  rate_limited: { status: 429, error: 'Too Many Requests', code: 'rate_limited' },
  internal: { status: 500, error: 'Internal Server Error', code: FAILED },
  database_away: { status: 503, error: 'Service Unavailable', code: FAILED },
};

/** Fields that are looked at before all others, whatever else is wrong. */
const FIRST = ['transaction_id', 'amount_cents'];

/** The sentence of the documents for a field that is of the wrong kind; every other is named with what is wrong. */
const SENTENCES: Readonly<Record<string, string>> = { affiliate_url: 'Invalid affiliate_url' };

function sentenceOf({ refused, message, details = [] }: Refusal): string {
  const { error } = PROBLEMS[refused];
  if (error !== null || refused !== 'invalid_input') return error ?? message;
  const rank = (field: string): number => (FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length);
  const [first] = details.toSorted((a, b) => rank(a.field) - rank(b.field));
  if (!first) return message;
  return SENTENCES[first.field] ?? `${first.field} ${first.message}`;
}

export function problem(refusal: Refusal): Reply {
  return { status: PROBLEMS[refusal.refused].status, body: { error: sentenceOf(refusal) } };
}

/** The same for a tracking call, which tells every failure of ours by one documented sentence. */
export function failing(what: string): (refusal: Refusal) => Reply {
  return (refusal) =>
    PROBLEMS[refusal.refused].code === FAILED
      ? { status: 500, body: { error: `${what} tracking failed` } }
      : problem(refusal);
}

/** The same as agents are told: with a code to act on. */
export function agentProblem(refusal: Refusal): Reply {
  const { status, code } = PROBLEMS[refusal.refused];
  const { retryAfter } = refusal;
  const wait = retryAfter === undefined ? {} : { retry_after_seconds: retryAfter };
  const message = refusal.refused === 'rate_limited' ? refusal.message : sentenceOf(refusal);
  return { status, body: { error: { status, code, message, ...wait } } };
}
