// Stripe accounts of a workspace, what is kept under seal for them, how far their lists were walked, and alerts.
import { column, nullable, primary, table, withDefault } from './entity.ts';

export const stripeAccounts = table(
  'stripe_accounts',
  {
    workspace_id: primary(column.id),
    account_id: primary(column.id),
    created_at: withDefault(column.at, () => 'now()'),
    name: withDefault(column.text, ''),
    scope: column.id,
    connected_at: withDefault(column.at, () => 'now()'),
    disconnected_at: nullable(column.at),
    removed_at: nullable(column.at),
    routed: withDefault(column.flag, true),
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      { name: 'stripe_accounts_by_account', columns: ['account_id'] },
      { name: 'stripe_accounts_scope', columns: ['workspace_id', 'scope'], unique: true },
    ],
    checks: ['stripe_accounts_account_id_check', 'stripe_accounts_scope_check'],
  },
);

export const stripeSecrets = table(
  'stripe_secrets',
  {
    workspace_id: primary(column.id),
    secret_id: primary(column.id),
    account_id: column.id,
    label: withDefault(column.text, ''),
    shown: column.text,
    sealed: column.text,
    created_at: withDefault(column.at, () => 'now()'),
    expires_at: nullable(column.at),
  },
  {
    references: { stripe_accounts: ['workspace_id', 'account_id'] },
    indexes: [{ name: 'stripe_secrets_by_account', columns: ['workspace_id', 'account_id'] }],
  },
);

export const stripeApiKeys = table(
  'stripe_api_keys',
  {
    workspace_id: primary(column.id),
    account_id: primary(column.id),
    livemode: primary(column.flag),
    shown: column.text,
    sealed: column.text,
    created_at: withDefault(column.at, () => 'now()'),
    refused_at: nullable(column.at),
    refused_reason: nullable(column.text),
  },
  { references: { stripe_accounts: ['workspace_id', 'account_id'] } },
);

/** What a workspace's callers sign their requests with; no row: they do not. */
export const requestSecrets = table(
  'request_secrets',
  {
    workspace_id: primary(column.id),
    shown: column.text,
    sealed: column.text,
    created_at: withDefault(column.at, () => 'now()'),
  },
  { references: { workspaces: ['workspace_id'] } },
);

export const backfills = table(
  'backfills',
  {
    workspace_id: primary(column.id),
    livemode: primary(column.flag),
    scope: primary(column.id),
    stream: primary(column.id),
    since: column.at,
    until: column.at,
    reached: column.at,
    missing: withDefault(column.integer, 0),
    finished_at: nullable(column.at),
    run_at: nullable(column.at),
    lease_until: nullable(column.at),
  },
  { references: { workspaces: ['workspace_id'] }, checks: ['backfills_missing_check'] },
);

export const alerts = table(
  'alerts',
  {
    workspace_id: primary(column.id),
    alert_id: primary(column.id),
    kind: column.id,
    subject: column.id,
    message: column.text,
    times: withDefault(column.integer, 1),
    first_at: column.at,
    last_at: column.at,
    resolved_at: nullable(column.at),
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      {
        name: 'alerts_open',
        columns: ['workspace_id', 'kind', 'subject'],
        unique: true,
        where: '(resolved_at IS NULL)',
      },
      { name: 'alerts_by_time', columns: ['workspace_id', 'last_at'] },
    ],
    checks: ['alerts_times_check'],
  },
);
