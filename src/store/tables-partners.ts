// Whose it is and who earns: workspaces, programs, keys, affiliates, incentives.
import { column, nullable, primary, table, withDefault } from './entity.ts';

const PRESENT = '(deleted_at IS NULL)';

export const workspaces = table(
  'workspaces',
  {
    workspace_id: primary(column.id),
    name: column.text,
    currency: withDefault(column.text, 'usd'),
    settings: withDefault(column.jsonb, () => "'[]'"),
    rules_version: withDefault(column.counter, 1),
    created_at: withDefault(column.at, () => 'now()'),
  },
  {
    checks: ['workspaces_currency_check', 'workspaces_rules_version_check', 'workspaces_workspace_id_check'],
  },
);

export const programs = table(
  'programs',
  {
    workspace_id: primary(column.id),
    program_id: primary(column.id),
    name: column.text,
    is_default: withDefault(column.flag, false),
    created_at: withDefault(column.at, () => 'now()'),
    click_window_days: withDefault(column.integer, 60),
    number: column.number,
    details: withDefault(column.jsonb, () => "'{}'"),
    updated_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: { workspaces: ['workspace_id'] },
    checks: ['programs_click_window_check'],
    indexes: [
      {
        name: 'programs_one_default',
        columns: ['workspace_id'],
        unique: true,
        where: 'is_default',
      },
      { name: 'programs_by_number', columns: ['number'] },
    ],
  },
);

export const apiKeys = table(
  'api_keys',
  {
    workspace_id: primary(column.id),
    key_hash: primary(column.bytes),
    key_id: column.id,
    name: column.text,
    shown: column.text,
    livemode: column.flag,
    scopes: column.texts,
    created_at: withDefault(column.at, () => 'now()'),
    expires_at: nullable(column.at),
    revoked_at: nullable(column.at),
    family: withDefault(column.id, 'affonso'),
    hosts: withDefault(column.texts, () => "'{}'"),
    affiliate_id: nullable(column.id),
    last_used_at: nullable(column.at),
    rotated_from: nullable(column.id),
  },
  {
    references: { workspaces: ['workspace_id'], affiliates: ['workspace_id', 'affiliate_id'] },
    indexes: [
      { name: 'api_keys_by_hash', columns: ['key_hash'] },
      { name: 'api_keys_by_id', columns: ['workspace_id', 'key_id'], unique: true },
    ],
    checks: ['api_keys_key_hash_check'],
  },
);

export const rateLimits = table(
  'rate_limits',
  {
    workspace_id: primary(column.id),
    name: primary(column.id),
    points: column.integer,
    expires_at: column.at,
  },
  { references: { workspaces: ['workspace_id'] } },
);

export const affiliates = table(
  'affiliates',
  {
    workspace_id: primary(column.id),
    affiliate_id: primary(column.id),
    program_id: column.id,
    group_id: nullable(column.id),
    name: column.text,
    email: column.text,
    tracking_id: column.id,
    status: column.text,
    external_user_id: nullable(column.text),
    metadata: withDefault(column.jsonb, () => "'{}'"),
    details: withDefault(column.jsonb, () => "'{}'"),
    history: withDefault(column.jsonb, () => "'[]'"),
    created_at: withDefault(column.at, () => 'now()'),
    deleted_at: nullable(column.at),
    parent_id: nullable(column.id),
    held_reason: nullable(column.text),
    held_at: nullable(column.at),
    judged_from: nullable(column.at),
    updated_at: withDefault(column.at, () => 'now()'),
    email_key: nullable(column.id),
  },
  {
    references: { programs: ['workspace_id', 'program_id'] },
    refersToOwn: ['workspace_id', 'parent_id'],
    indexes: [
      {
        name: 'affiliates_by_parent',
        columns: ['workspace_id', 'parent_id'],
        where: '(parent_id IS NOT NULL)',
      },
      { name: 'affiliates_by_time', columns: ['workspace_id', 'created_at', 'affiliate_id'], where: PRESENT },
      {
        name: 'affiliates_by_group',
        columns: ['workspace_id', 'program_id', 'group_id'],
        where: '(group_id IS NOT NULL)',
      },
      {
        name: 'affiliates_email',
        columns: ['workspace_id', 'program_id', 'email_key'],
        unique: true,
        where: "((deleted_at IS NULL) AND (email_key <> ''::text))",
      },
      {
        name: 'affiliates_tracking_id',
        columns: ['workspace_id', 'tracking_id'],
        unique: true,
        where: PRESENT,
      },
    ],
    specialIndexes: ['affiliates_recruited'],
    checks: [
      'affiliates_held_check',
      'affiliates_held_reason_check',
      'affiliates_parent_check',
      'affiliates_status_check',
    ],
  },
);

export const incentives = table(
  'incentives',
  {
    workspace_id: primary(column.id),
    incentive_id: primary(column.id),
    version: primary(column.integer),
    program_id: column.id,
    since: column.counter,
    until: nullable(column.counter),
    terms: column.jsonb,
    created_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: { programs: ['workspace_id', 'program_id'] },
    indexes: [
      {
        name: 'incentives_current',
        columns: ['workspace_id', 'incentive_id'],
        unique: true,
        where: '(until IS NULL)',
      },
    ],
    checks: ['incentives_check', 'incentives_version_check'],
  },
);
