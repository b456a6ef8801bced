// What was decided, and the ledger.
import { column, nullable, primary, table } from './entity.ts';

const CREDITED = `((kind = 'sale'::text) AND (affiliate_id IS NOT NULL) AND (status <> ALL (ARRAY['void'::text, 'open'::text, 'trialing'::text, 'failed'::text])))`;

export const conversions = table(
  'conversions',
  {
    workspace_id: primary(column.id),
    conversion_id: primary(column.id),
    livemode: column.flag,
    kind: column.text,
    payment_id: column.id,
    money_key: column.id,
    source: column.text,
    external_event_id: column.id,
    status: column.text,
    reason: nullable(column.text),
    referral_id: nullable(column.id),
    affiliate_id: nullable(column.id),
    program_id: nullable(column.id),
    currency: column.text,
    amount: column.money,
    refunded: column.money,
    base: column.money,
    occurred_at: column.at,
    created_at: column.at,
    updated_at: column.at,
    explanation: nullable(column.json),
    number: column.number,
  },
  {
    references: { payments: ['workspace_id', 'payment_id'] },
    indexes: [
      {
        name: 'conversions_by_affiliate',
        columns: ['workspace_id', 'affiliate_id', 'occurred_at', 'conversion_id'],
        where: '(affiliate_id IS NOT NULL)',
      },
      {
        name: 'conversions_by_time',
        columns: ['workspace_id', 'livemode', 'occurred_at', 'conversion_id', 'kind'],
        where: "(status <> 'void'::text)",
      },
      {
        name: 'conversions_credited',
        columns: ['workspace_id', 'program_id', 'livemode', 'occurred_at', 'number'],
        where: CREDITED,
      },
      {
        name: 'conversions_by_change',
        columns: ['workspace_id', 'updated_at'],
        where: '(affiliate_id IS NOT NULL)',
      },
      { name: 'conversions_by_event', columns: ['workspace_id', 'external_event_id'] },
      { name: 'conversions_by_payment', columns: ['workspace_id', 'payment_id'] },
      {
        name: 'conversions_money_key',
        columns: ['workspace_id', 'livemode', 'kind', 'money_key'],
        unique: true,
      },
    ],
    checks: [
      'conversions_amount_check',
      'conversions_base_check',
      'conversions_check',
      'conversions_currency_check',
      'conversions_kind_check',
    ],
  },
);

export const commissions = table(
  'commissions',
  {
    workspace_id: primary(column.id),
    commission_id: primary(column.id),
    livemode: column.flag,
    conversion_id: column.id,
    affiliate_id: column.id,
    referral_id: column.id,
    program_id: column.id,
    status: column.text,
    currency: column.text,
    base: column.money,
    earned: column.money,
    reversed: column.money,
    incentive_id: nullable(column.id),
    incentive_version: nullable(column.integer),
    hold_days: nullable(column.integer),
    available_at: column.at,
    released_at: nullable(column.at),
    sold_at: nullable(column.at),
    sale_status: nullable(column.text),
    payout_at: nullable(column.at),
    processed_at: nullable(column.at),
    payout_amount: nullable(column.money),
    created_at: column.at,
    updated_at: column.at,
    parts: column.json,
    number: column.number,
  },
  {
    references: {
      affiliates: ['workspace_id', 'affiliate_id'],
      conversions: ['workspace_id', 'conversion_id'],
    },
    indexes: [
      {
        name: 'commissions_by_affiliate',
        columns: ['workspace_id', 'affiliate_id', 'livemode', 'sold_at', 'conversion_id', 'status', 'sale_status'],
      },
      {
        name: 'commissions_by_time',
        columns: ['workspace_id', 'livemode', 'sold_at', 'conversion_id', 'status', 'sale_status'],
        where: '(sale_status IS NOT NULL)',
      },
      {
        name: 'commissions_payouts_of',
        columns: ['workspace_id', 'affiliate_id', 'livemode', 'payout_at', 'commission_id'],
        where: 'payout_at IS NOT NULL',
      },
      {
        name: 'commissions_payouts',
        columns: ['workspace_id', 'livemode', 'payout_at', 'commission_id', 'status', 'affiliate_id'],
        where: '(payout_at IS NOT NULL)',
      },
      {
        name: 'commissions_once',
        columns: ['workspace_id', 'conversion_id', 'affiliate_id', 'currency'],
        unique: true,
      },
    ],
    checks: [
      'commissions_base_check',
      'commissions_check',
      'commissions_currency_check',
      'commissions_earned_check',
      'commissions_hold_days_check',
      'commissions_payout_check',
      'commissions_sold_check',
      'commissions_status_check',
    ],
  },
);

export const transfers = table(
  'transfers',
  {
    workspace_id: primary(column.id),
    transfer_id: primary(column.id),
    livemode: column.flag,
    commission_id: column.id,
    affiliate_id: column.id,
    debit: column.text,
    credit: column.text,
    amount: column.money,
    currency: column.text,
    reason: column.text,
    at: column.at,
  },
  {
    references: { commissions: ['workspace_id', 'commission_id'] },
    indexes: [
      {
        name: 'transfers_by_affiliate',
        columns: ['workspace_id', 'affiliate_id', 'livemode', 'at', 'transfer_id'],
      },
      {
        name: 'transfers_paid',
        columns: ['workspace_id', 'commission_id'],
        where: "((debit = 'paid'::text) OR (credit = 'paid'::text))",
      },
    ],
    checks: [
      'transfers_amount_check',
      'transfers_check',
      'transfers_credit_check',
      'transfers_currency_check',
      'transfers_debit_check',
    ],
  },
);

export const balances = table(
  'balances',
  {
    workspace_id: primary(column.id),
    affiliate_id: primary(column.id),
    currency: primary(column.text),
    livemode: primary(column.flag),
    review: column.money,
    pending: column.money,
    payable: column.money,
    paid: column.money,
  },
  {
    references: { affiliates: ['workspace_id', 'affiliate_id'] },
    checks: ['balances_currency_check', 'balances_paid_check', 'balances_pending_check', 'balances_review_check'],
  },
);
