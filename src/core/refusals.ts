/**
 * Every expected "no". A refusal is a value with a reason; each dialect maps each reason to a status and a body, and a
 * reason without a mapping does not compile (`Record<Reason, …>`).
 */
export const REASONS = [
  'malformed_json',
  'invalid_input',
  'missing_identifier',
  'identifiers_disagree',
  'referral_not_found',
  'not_found',
  'already_exists',
  'different_money',
  'refund_too_large',
  'nothing_to_refund',
  'affiliate_not_approved',
  'missing_key',
  'malformed_key',
  'unknown_key',
  'revoked_key',
  'expired_key',
  'missing_scope',
  'wrong_host',
  'bad_signature',
  'unknown_token',
  'expired_token',
  'rate_limited',
  'unknown_path',
  'method_not_allowed',
  'body_too_large',
  'unsupported_media_type',
  'database_away',
  'internal',
] as const;

export type Reason = (typeof REASONS)[number];

export type FieldProblem = { readonly field: string; readonly message: string };

export type Refusal = {
  readonly refused: Reason;
  /** One sentence for the caller: what is wrong and what to do. */
  readonly message: string;
  readonly field?: string;
  readonly details?: readonly FieldProblem[];
  /** Ids of the questions that still need an answer. */
  readonly missing?: readonly string[];
  /** The permission that is missing, in the dialect's own word. */
  readonly needs?: string;
  /** Seconds after which the same call may succeed. */
  readonly retryAfter?: number;
};

export function refuse(refused: Reason, message: string, more: Omit<Refusal, 'refused' | 'message'> = {}): Refusal {
  return { refused, message, ...more };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
