/** Columns of the widest rows, in the order in which the pipeline writes them. */
export const CONVERSION = `workspace_id text, conversion_id text, livemode boolean, kind text, payment_id text, money_key text,
  source text, external_event_id text, status text, reason text, referral_id text, affiliate_id text, program_id text,
  currency text, amount bigint, refunded bigint, base bigint, occurred_at timestamptz, created_at timestamptz,
  updated_at timestamptz, explanation json`;
export const COMMISSION = `workspace_id text, commission_id text, livemode boolean, conversion_id text, affiliate_id text,
  referral_id text, program_id text, status text, currency text, base bigint, earned bigint, reversed bigint,
  incentive_id text, incentive_version integer, hold_days integer, available_at timestamptz, released_at timestamptz,
  sold_at timestamptz, sale_status text, payout_at timestamptz, processed_at timestamptz, payout_amount bigint,
  created_at timestamptz, updated_at timestamptz, parts json`;
export const PAYMENT = `workspace_id text, payment_id text, livemode boolean, version integer, customer_key text, referral_id text,
  paid_at timestamptz, program_id text, parked text, wake_at timestamptz, tokens text[], prices text[], awaits_prices text[],
  merged_into text, state json, posted json, counts smallint, lost_at timestamptz, summary jsonb, earlier json`;
