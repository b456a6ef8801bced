// Who came through a link, and who signed up or bought.
import { column, nullable, primary, table, withDefault } from './entity.ts';

export const referrals = table(
  'referrals',
  {
    workspace_id: primary(column.id),
    referral_id: primary(column.id),
    version: withDefault(column.integer, 1),
    affiliate_id: nullable(column.id),
    program_id: column.id,
    status: column.text,
    email: nullable(column.text),
    name: nullable(column.text),
    customer_id: nullable(column.text),
    external_user_id: nullable(column.text),
    subscription_id: nullable(column.text),
    metadata: withDefault(column.jsonb, () => "'{}'"),
    click: withDefault(column.jsonb, () => "'{}'"),
    created_at: column.at,
    converted_at: nullable(column.at),
    link_id: nullable(column.id),
    visitor_id: nullable(column.id),
    fingerprint: nullable(column.id),
    clicked_at: nullable(column.at),
    test_only: withDefault(column.flag, false),
    email_key: nullable(column.id),
    number: column.number,
    lead_at: nullable(column.at),
    email_unproven: withDefault(column.flag, false),
    user_unproven: withDefault(column.flag, false),
    keyless_names: nullable(column.texts),
  },
  {
    references: { affiliates: ['workspace_id', 'affiliate_id'] },
    indexes: [
      {
        name: 'referrals_clicked',
        columns: ['workspace_id', 'program_id', 'clicked_at', 'number'],
        where: '(clicked_at IS NOT NULL)',
      },
      {
        name: 'referrals_by_user',
        columns: ['workspace_id', 'external_user_id'],
        where: '(external_user_id IS NOT NULL)',
      },
      {
        name: 'referrals_leads',
        columns: ['workspace_id', 'program_id', 'lead_at', 'number'],
        where: "((lead_at IS NOT NULL) AND (status <> 'rejected'::text) AND (NOT test_only))",
      },
      { name: 'referrals_by_affiliate', columns: ['workspace_id', 'affiliate_id', 'clicked_at', 'referral_id'] },
      {
        name: 'referrals_by_time',
        columns: ['workspace_id', 'created_at', 'referral_id', 'status'],
        where: "(status <> 'click'::text)",
      },
      {
        name: 'referrals_email',
        columns: ['workspace_id', 'program_id', 'email_key'],
        unique: true,
        where: '(email_key IS NOT NULL)',
      },
      {
        name: 'referrals_by_link',
        columns: ['workspace_id', 'link_id', 'clicked_at', 'referral_id'],
        where: '((link_id IS NOT NULL) AND (clicked_at IS NOT NULL))',
      },
      {
        name: 'referrals_by_click',
        columns: ['workspace_id', 'clicked_at', 'referral_id'],
        where: '((link_id IS NOT NULL) AND (clicked_at IS NOT NULL))',
      },
      { name: 'referrals_by_visitor', columns: ['workspace_id', 'visitor_id'], where: '(visitor_id IS NOT NULL)' },
      {
        name: 'referrals_by_fingerprint',
        columns: ['workspace_id', 'fingerprint'],
        where: '(fingerprint IS NOT NULL)',
      },
    ],
    checks: ['referrals_status_check'],
  },
);
