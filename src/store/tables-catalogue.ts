// Links, what they are kept in and marked with, who buys through them, the leads they became, and what was only a test.
import { column, nullable, primary, table, withDefault } from './entity.ts';

export const collections = table(
  'collections',
  {
    workspace_id: primary(column.id),
    collection_id: primary(column.id),
    name: column.text,
    description: nullable(column.text),
    created_at: column.at,
    updated_at: column.at,
    deleted_at: nullable(column.at),
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      {
        name: 'collections_by_time',
        columns: ['workspace_id', 'created_at', 'collection_id'],
        where: '(deleted_at IS NULL)',
      },
    ],
    checks: ['collections_name_check'],
  },
);

export const tags = table(
  'tags',
  {
    workspace_id: primary(column.id),
    tag_id: primary(column.id),
    name: column.text,
    color: column.text,
    created_at: column.at,
  },
  { references: { workspaces: ['workspace_id'] }, checks: ['tags_name_check'] },
);

export const links = table(
  'links',
  {
    workspace_id: primary(column.id),
    link_id: primary(column.id),
    affiliate_id: nullable(column.id),
    program_id: column.id,
    code: column.id,
    destination_url: nullable(column.text),
    created_at: withDefault(column.at, () => 'now()'),
    archived_at: nullable(column.at),
    title: nullable(column.text),
    description: nullable(column.text),
    image: nullable(column.text),
    utm: nullable(column.jsonb),
    collection_id: nullable(column.id),
    tenant_id: nullable(column.id),
    external_id: nullable(column.id),
    updated_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: {
      affiliates: ['workspace_id', 'affiliate_id'],
      programs: ['workspace_id', 'program_id'],
      collections: ['workspace_id', 'collection_id'],
    },
    indexes: [
      { name: 'links_code', columns: ['workspace_id', 'code'], unique: true, where: '(archived_at IS NULL)' },
      { name: 'links_by_affiliate', columns: ['workspace_id', 'affiliate_id', 'link_id'] },
      {
        name: 'links_external_id',
        columns: ['workspace_id', 'external_id'],
        unique: true,
        where: '((archived_at IS NULL) AND (external_id IS NOT NULL))',
      },
      { name: 'links_archived_code', columns: ['workspace_id', 'code'], where: '(archived_at IS NOT NULL)' },
      { name: 'links_by_time', columns: ['workspace_id', 'created_at', 'link_id'], where: '(archived_at IS NULL)' },
      {
        name: 'links_by_tenant',
        columns: ['workspace_id', 'tenant_id', 'created_at', 'link_id'],
        where: '(tenant_id IS NOT NULL)',
      },
    ],
    checks: ['links_code_check', 'links_destination_check'],
  },
);

export const profiles = table(
  'profiles',
  {
    workspace_id: primary(column.id),
    livemode: primary(column.flag),
    external_id: primary(column.id),
    profile_id: column.id,
    name: column.text,
    email: nullable(column.text),
    phone: nullable(column.text),
    avatar: nullable(column.text),
    created_at: column.at,
    updated_at: column.at,
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      { name: 'profiles_by_id', columns: ['workspace_id', 'profile_id'], unique: true },
      { name: 'profiles_by_time', columns: ['workspace_id', 'livemode', 'created_at', 'profile_id'] },
    ],
    checks: ['profiles_external_id_check'],
  },
);

export const leads = table(
  'leads',
  {
    workspace_id: primary(column.id),
    lead_id: primary(column.id),
    livemode: column.flag,
    external_id: column.id,
    click_id: column.id,
    event_name: column.text,
    metadata: nullable(column.json),
    created_at: column.at,
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      { name: 'leads_by_customer', columns: ['workspace_id', 'livemode', 'external_id', 'created_at', 'lead_id'] },
    ],
    checks: ['leads_event_name_check'],
  },
);

export const testEvents = table(
  'test_events',
  {
    workspace_id: primary(column.id),
    number: primary(column.number),
    program_id: column.id,
    kind: column.text,
    is_run: withDefault(column.flag, false),
    details: withDefault(column.jsonb, () => "'{}'"),
    created_at: column.at,
  },
  {
    references: { programs: ['workspace_id', 'program_id'] },
    indexes: [{ name: 'test_events_by_program', columns: ['workspace_id', 'program_id', 'number'] }],
    checks: ['test_events_kind_check'],
  },
);
