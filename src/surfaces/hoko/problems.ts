/** Every refusal as this dialect says it: `{error:{en, ar}}`, one text for each status (apis.md 3.2). */
import type { Reason, Refusal } from '../../core/refusals.ts';
import type { Reply } from '../surface.ts';

type Text = { readonly en: string; readonly ar: string };

const TEXTS = {
  400: { en: 'Invalid request', ar: 'طلب غير صالح' },
  401: { en: 'Invalid API key', ar: 'مفتاح API غير صالح' },
  403: { en: 'Missing required scopes', ar: 'الصلاحيات المطلوبة مفقودة' },
  404: { en: 'Not found', ar: 'غير موجود' },
  405: { en: 'Method not allowed', ar: 'الطريقة غير مسموح بها' },
  413: { en: 'Request too large', ar: 'الطلب كبير جدا' },
  415: { en: 'Unsupported media type', ar: 'نوع الوسائط غير مدعوم' },
  429: { en: 'Rate limit exceeded', ar: 'تم تجاوز حد المعدل' },
  500: { en: 'Internal server error', ar: 'خطأ داخلي في الخادم' },
  503: { en: 'Temporarily unavailable', ar: 'غير متاح مؤقتا' },
} satisfies Readonly<Record<number, Text>>;

/** 404 is only for unknown endpoints; problems with what exists are 400. */
const STATUSES: Readonly<Record<Reason, keyof typeof TEXTS>> = {
  malformed_json: 400,
  invalid_input: 400,
  missing_identifier: 400,
  identifiers_disagree: 400,
  referral_not_found: 400,
  not_found: 400,
  already_exists: 400,
  different_money: 400,
  refund_too_large: 400,
  nothing_to_refund: 400,
  affiliate_not_approved: 400,
  missing_key: 401,
  malformed_key: 401,
  unknown_key: 401,
  revoked_key: 401,
  expired_key: 401,
  wrong_host: 401,
  bad_signature: 401,
  unknown_token: 401,
  expired_token: 401,
  missing_scope: 403,
  unknown_path: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  database_away: 503,
};

/** The documented body has no room for it: why, in a header. */
const REASON = 'X-Error-Reason';
const LONGEST_REASON = 500;

export function problem({ refused, message, needs, retryAfter }: Refusal): Reply {
  const status = STATUSES[refused];
  const body = {
    error: TEXTS[status],
    ...(refused === 'missing_scope' && needs !== undefined ? { missingScopes: [needs] } : {}),
    ...(refused === 'rate_limited' ? { retryAfter: retryAfter ?? 60 } : {}),
  };
  const reason = message.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_REASON);
  return { status, body, headers: { [REASON]: reason } };
}
