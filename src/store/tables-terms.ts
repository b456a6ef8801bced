/** Tables of what decisions are made by, beside incentives: groups, coupons given to affiliates, exchange rates. */
import { column, nullable, primary, table, withDefault } from './entity.ts';

export const affiliateGroups = table(
  'affiliate_groups',
  {
    workspace_id: primary(column.id),
    group_id: primary(column.id),
    program_id: column.id,
    name: column.text,
    description: nullable(column.text),
    custom_website_url: nullable(column.text),
    is_default: withDefault(column.flag, false),
    created_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: { programs: ['workspace_id', 'program_id'] },
    indexes: [
      {
        name: 'affiliate_groups_default',
        columns: ['workspace_id', 'program_id'],
        unique: true,
        where: 'is_default',
      },
    ],
  },
);

export const coupons = table(
  'coupons',
  {
    workspace_id: primary(column.id),
    coupon_id: primary(column.id),
    program_id: column.id,
    affiliate_id: column.id,
    code: column.text,
    provider: withDefault(column.text, 'stripe'),
    provider_coupon_id: nullable(column.id),
    provider_promo_code_id: nullable(column.id),
    details: withDefault(column.jsonb, () => "'{}'"),
    since: column.counter,
    until: nullable(column.counter),
    created_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: { programs: ['workspace_id', 'program_id'], affiliates: ['workspace_id', 'affiliate_id'] },
    indexes: [{ name: 'coupons_by_affiliate', columns: ['workspace_id', 'affiliate_id', 'coupon_id'] }],
    specialIndexes: ['coupons_code'],
    checks: ['coupons_check', 'coupons_code_check'],
  },
);

export const exchangeRates = table(
  'exchange_rates',
  {
    workspace_id: primary(column.id),
    from_currency: primary(column.text),
    to_currency: primary(column.text),
    day: primary(column.day),
    numerator: column.numeric,
    denominator: column.numeric,
    source: column.text,
    since: column.counter,
    created_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: { workspaces: ['workspace_id'] },
    checks: [
      'exchange_rates_denominator_check',
      'exchange_rates_from_currency_check',
      'exchange_rates_numerator_check',
      'exchange_rates_to_currency_check',
    ],
  },
);

export const watches = table(
  'watches',
  { workspace_id: primary(column.id), looked_at: column.at, swept_at: column.at },
  { references: { workspaces: ['workspace_id'] } },
);
