// What was heard, and the state merged from it.
import { column, nullable, primary, table, withDefault } from './entity.ts';

export const inbox = table(
  'inbox',
  {
    workspace_id: primary(column.id),
    source: primary(column.id),
    event_key: primary(column.id),
    type: column.text,
    livemode: column.flag,
    state: column.text,
    reason: nullable(column.text),
    subject: nullable(column.id),
    rules: column.counter,
    occurred_at: column.at,
    received_at: column.at,
    attempts: withDefault(column.integer, 0),
    run_at: nullable(column.at),
    lease_until: nullable(column.at),
    scope: withDefault(column.id, ''),
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      {
        name: 'inbox_attention',
        columns: ['workspace_id', 'state', 'received_at'],
        where: "(state = ANY (ARRAY['parked'::text, 'failed'::text, 'pending'::text]))",
      },
      { name: 'inbox_due', columns: ['run_at'], where: "(state = 'pending'::text)" },
      { name: 'inbox_received', columns: ['workspace_id', 'livemode', 'received_at', 'state'] },
    ],
    checks: ['inbox_attempts_check', 'inbox_check', 'inbox_check1', 'inbox_state_check'],
  },
);

export const payloads = table(
  'payloads',
  {
    workspace_id: primary(column.id),
    source: primary(column.id),
    event_key: primary(column.id),
    body: column.text,
  },
  {
    references: { inbox: ['workspace_id', 'source', 'event_key'] },
  },
);

export const payments = table(
  'payments',
  {
    workspace_id: primary(column.id),
    payment_id: primary(column.id),
    livemode: column.flag,
    version: column.integer,
    customer_key: nullable(column.id),
    referral_id: nullable(column.id),
    paid_at: nullable(column.at),
    program_id: nullable(column.id),
    parked: nullable(column.text),
    wake_at: nullable(column.at),
    tokens: withDefault(column.texts, () => "'{}'"),
    prices: withDefault(column.texts, () => "'{}'"),
    awaits_prices: nullable(column.texts),
    merged_into: nullable(column.id),
    state: column.json,
    posted: column.json,
    counts: nullable(column.small),
    lost_at: nullable(column.at),
    summary: nullable(column.jsonb),
    earlier: nullable(column.json),
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      {
        name: 'payments_by_customer',
        columns: ['workspace_id', 'livemode', 'customer_key'],
        where: '(customer_key IS NOT NULL)',
      },
      {
        name: 'payments_by_referral',
        columns: ['workspace_id', 'livemode', 'referral_id', 'paid_at', 'program_id'],
        where: '(referral_id IS NOT NULL)',
      },
      {
        name: 'payments_losses',
        columns: ['workspace_id', 'livemode', 'referral_id', 'lost_at'],
        where: '(lost_at IS NOT NULL)',
      },
      { name: 'payments_awaiting', columns: ['workspace_id', 'livemode'], where: '(awaits_prices IS NOT NULL)' },
      { name: 'payments_wake', columns: ['wake_at'], where: '(wake_at IS NOT NULL)' },
    ],
    checks: ['payments_counts_check', 'payments_version_check'],
  },
);

export const paymentKeys = table(
  'payment_keys',
  {
    workspace_id: primary(column.id),
    livemode: primary(column.flag),
    key: primary(column.id),
    payment_id: column.id,
  },
  {
    references: { payments: ['workspace_id', 'payment_id'] },
  },
);

export const customers = table(
  'customers',
  {
    workspace_id: primary(column.id),
    livemode: primary(column.flag),
    customer_key: primary(column.id),
    version: column.integer,
    links: withDefault(column.texts, () => "'{}'"),
    tokens: withDefault(column.texts, () => "'{}'"),
    state: column.json,
  },
  {
    references: { workspaces: ['workspace_id'] },
    checks: ['customers_version_check'],
  },
);

export const prices = table(
  'prices',
  {
    workspace_id: primary(column.id),
    livemode: primary(column.flag),
    price_key: primary(column.id),
    version: column.integer,
    state: column.json,
  },
  {
    references: { workspaces: ['workspace_id'] },
    checks: ['prices_version_check'],
  },
);

export const questions = table(
  'questions',
  {
    workspace_id: primary(column.id),
    livemode: primary(column.flag),
    scope: primary(column.id),
    kind: primary(column.id),
    id: primary(column.id),
    state: column.text,
    attempts: withDefault(column.integer, 0),
    run_at: nullable(column.at),
    lease_until: nullable(column.at),
    reason: nullable(column.text),
    asked_at: nullable(column.at),
    answered_at: nullable(column.at),
  },
  {
    references: { workspaces: ['workspace_id'] },
    indexes: [
      {
        name: 'questions_due',
        columns: ['workspace_id', 'livemode', 'scope', 'run_at'],
        where: "(state = ANY (ARRAY['open'::text, 'refused'::text]))",
      },
    ],
    checks: ['questions_attempts_check', 'questions_check', 'questions_state_check'],
  },
);
