/** Stripe accounts of a workspace: who they are, the scope of their ids, and whether they are still connected. */
import { takenIndex } from './taken.ts';
import type { Tx } from './tx.ts';

export type AccountRow = {
  readonly id: string;
  readonly name: string;
  /** '' for the primary account: the one whose events name none. Never changes. */
  readonly scope: string;
  /** Milliseconds UTC. */
  readonly createdAt: number;
  readonly connectedAt: number;
  readonly disconnectedAt: number | null;
};

type Row = {
  account_id: string;
  name: string;
  scope: string;
  created_at: Date;
  connected_at: Date;
  disconnected_at: Date | null;
  removed_at: Date | null;
};

const SHOWN = 'account_id, name, scope, created_at, connected_at, disconnected_at, removed_at';

const iso = (moment: number | undefined): string | null =>
  moment === undefined ? null : new Date(moment).toISOString();

function accountOf(row: Row): AccountRow {
  return {
    id: row.account_id,
    name: row.name,
    scope: row.scope,
    createdAt: row.created_at.getTime(),
    connectedAt: row.connected_at.getTime(),
    disconnectedAt: row.disconnected_at?.getTime() ?? null,
  };
}

export type Home = { readonly workspace: string; readonly scope: string };

/**
 * The workspace an account's events belong to: the endpoint's own when it has the account, else the first for which the
 * operator of the service registered it: a tenant that names an account by its own key gets nothing from others'
 * endpoints. null: nobody has it.
 */
export async function homeOfAccount(tx: Tx, source: string, account: string, endpoint: string): Promise<Home | null> {
  const { rows } = await tx.query<{ workspace_id: string; scope: string }>({
    name: 'home_of_account',
    text: `SELECT workspace_id, scope FROM stripe_accounts WHERE $1 = $2 AND account_id = $3 AND removed_at IS NULL
             AND (routed OR workspace_id = $4)
           ORDER BY workspace_id <> $4, created_at, workspace_id LIMIT 1`,
    values: [source, 'stripe', account, endpoint],
  });
  return rows[0] ? { workspace: rows[0].workspace_id, scope: rows[0].scope } : null;
}

export type Registration = {
  readonly name?: string | null;
  /** Asks for scope ''. */
  readonly primary?: boolean;
  /** The environment holds a signing secret of the workspace: its events are the primary account's, whoever that is. */
  readonly served?: boolean;
  /** false: named by a tenant's own key; only the workspace's own endpoint delivers its events. Default true. */
  readonly routed?: boolean;
  /** Milliseconds UTC; absent: the database's now. */
  readonly at?: number;
};

export type Registered =
  | { readonly is: 'new' | 'reconnected' | 'known'; readonly account: AccountRow }
  /** Another account is the primary one, or this one is registered under its own scope: neither ever changes. */
  | { readonly is: 'primary_taken' | 'scope_fixed' };

/**
 * Registers an account, or connects one again. Without being asked the first account of a workspace becomes its primary
 * one when nothing was heard from Stripe yet and the environment serves the workspace with no secret.
 */
export async function registerAccount(
  tx: Tx,
  workspace: string,
  account: string,
  given: Registration = {},
): Promise<Registered> {
  const known = await findRow(tx, workspace, account);
  if (known) return connectAgain(tx, workspace, known, given);
  try {
    const { rows } = await tx.query<Row>({
      text: `INSERT INTO stripe_accounts (workspace_id, account_id, name, scope, routed, created_at, connected_at)
             SELECT $1, $2, $3, CASE WHEN $4 OR (NOT $5
                 AND NOT EXISTS (SELECT 1 FROM stripe_accounts WHERE workspace_id = $1)
                 AND NOT EXISTS (SELECT 1 FROM inbox WHERE workspace_id = $1 AND source = 'stripe'))
               THEN '' ELSE $2 END, $7, m.at, m.at FROM (SELECT COALESCE($6::timestamptz, now()) AS at) m
             ON CONFLICT (workspace_id, account_id) DO NOTHING RETURNING ${SHOWN}`,
      values: [
        workspace,
        account,
        given.name ?? '',
        given.primary ?? false,
        given.served ?? false,
        iso(given.at),
        given.routed ?? true,
      ],
    });
    if (rows[0]) return { is: 'new', account: accountOf(rows[0]) };
  } catch (error) {
    if (takenIndex(error) !== 'stripe_accounts_scope') throw error;
    if (given.primary) return { is: 'primary_taken' };
  }
  // Somebody registered this account, or the first one, at the same moment.
  return registerAccount(tx, workspace, account, given);
}

async function connectAgain(tx: Tx, workspace: string, known: Row, given: Registration): Promise<Registered> {
  if (given.primary && known.scope !== '') return { is: 'scope_fixed' };
  const { rows } = await tx.query<Row>({
    text: `UPDATE stripe_accounts SET name = COALESCE($3, name), routed = routed OR $5, disconnected_at = NULL, removed_at = NULL,
             connected_at = CASE WHEN disconnected_at IS NULL AND removed_at IS NULL THEN connected_at
               ELSE COALESCE($4::timestamptz, now()) END
           WHERE workspace_id = $1 AND account_id = $2 RETURNING ${SHOWN}`,
    values: [workspace, known.account_id, given.name ?? null, iso(given.at), given.routed ?? true],
  });
  const away = known.disconnected_at !== null || known.removed_at !== null;
  return { is: away ? 'reconnected' : 'known', account: accountOf(rows[0] ?? known) };
}

async function findRow(tx: Tx, workspace: string, account: string): Promise<Row | null> {
  const { rows } = await tx.query<Row>({
    text: `SELECT ${SHOWN} FROM stripe_accounts WHERE workspace_id = $1 AND account_id = $2`,
    values: [workspace, account],
  });
  return rows[0] ?? null;
}

/** Scopes of the workspace's further accounts, removed ones too: their ids are still on its payments. */
export async function scopesOf(tx: Tx, workspace: string): Promise<string[]> {
  const { rows } = await tx.query<{ scope: string }>({
    name: 'scopes',
    text: `SELECT scope FROM stripe_accounts WHERE workspace_id = $1 AND scope <> '' ORDER BY scope`,
    values: [workspace],
  });
  return rows.map((row) => row.scope);
}

/** An account that is not removed; null: none. */
export async function findAccount(tx: Tx, workspace: string, account: string): Promise<AccountRow | null> {
  const row = await findRow(tx, workspace, account);
  return row && row.removed_at === null ? accountOf(row) : null;
}

/** All accounts that are not removed, the primary one first, then by age. */
export async function listAccounts(tx: Tx, workspace: string): Promise<AccountRow[]> {
  const { rows } = await tx.query<Row>({
    text: `SELECT ${SHOWN} FROM stripe_accounts WHERE workspace_id = $1 AND removed_at IS NULL
           ORDER BY scope <> '', created_at, account_id`,
    values: [workspace],
  });
  return rows.map(accountOf);
}

/** Gives an account another name; null: there is no such account. */
export async function renameAccount(
  tx: Tx,
  workspace: string,
  account: string,
  name: string,
): Promise<AccountRow | null> {
  const { rows } = await tx.query<Row>({
    text: `UPDATE stripe_accounts SET name = $3 WHERE workspace_id = $1 AND account_id = $2 AND removed_at IS NULL
           RETURNING ${SHOWN}`,
    values: [workspace, account, name],
  });
  return rows[0] ? accountOf(rows[0]) : null;
}

/**
 * Forgets an account's secrets and keys and routes its events no more. Once something counted in its scope its row stays,
 * and with it the scope: registered again it makes the same keys. false: there is no such account.
 */
export async function removeAccount(tx: Tx, workspace: string, account: string, at: number): Promise<boolean> {
  const { rows } = await tx.query<{ removed: boolean }>({
    text: `WITH heard AS (
        SELECT scope = '' OR EXISTS (SELECT 1 FROM inbox i WHERE i.workspace_id = $1 AND i.source = 'stripe'
          AND i.event_key >= a.scope || '/' AND i.event_key < a.scope || '0' AND i.state <> 'ignored') AS counted
        FROM stripe_accounts a WHERE workspace_id = $1 AND account_id = $2 AND removed_at IS NULL
      ), kept AS (
        UPDATE stripe_accounts SET removed_at = $3 WHERE workspace_id = $1 AND account_id = $2
          AND (SELECT counted FROM heard) RETURNING 1
      ), dropped AS (
        DELETE FROM stripe_accounts WHERE workspace_id = $1 AND account_id = $2 AND NOT (SELECT counted FROM heard)
      ), secrets AS (DELETE FROM stripe_secrets WHERE workspace_id = $1 AND account_id = $2
      ), keys AS (DELETE FROM stripe_api_keys WHERE workspace_id = $1 AND account_id = $2)
      SELECT EXISTS (SELECT 1 FROM heard) AS removed`,
    values: [workspace, account, new Date(at).toISOString()],
  });
  return rows[0]?.removed ?? false;
}

/**
 * The account withdrew its connection at `at` (Stripe tells whole seconds). One that was connected again since stays
 * connected; a word from the test world does not end a connection that has a live key. true: it was connected until now.
 */
export async function disconnectAccount(
  tx: Tx,
  workspace: string,
  account: string,
  { at, livemode }: { readonly at: number; readonly livemode: boolean },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `UPDATE stripe_accounts a SET disconnected_at = $3
           WHERE workspace_id = $1 AND account_id = $2 AND removed_at IS NULL AND disconnected_at IS NULL
             AND date_trunc('second', connected_at) <= $3::timestamptz
             AND ($4 OR NOT EXISTS (SELECT 1 FROM stripe_api_keys k
               WHERE k.workspace_id = $1 AND k.account_id = a.account_id AND k.livemode))`,
    values: [workspace, account, new Date(at).toISOString(), livemode],
  });
  return (rowCount ?? 0) > 0;
}

/** True when the inbox already holds an event of an account that nobody registered, besides the one at hand. */
export async function hasHeardBefore(
  tx: Tx,
  workspace: string,
  { source, scope, except }: { readonly source: string; readonly scope: string; readonly except: string },
): Promise<boolean> {
  // '0' is the sign after '/': all keys that begin with the scope, by the primary key.
  const { rows } = await tx.query({
    name: 'heard_before',
    text: `SELECT 1 FROM inbox WHERE workspace_id = $1 AND source = $2 AND event_key >= $3 || '/' AND event_key < $3 || '0'
             AND event_key <> $4 LIMIT 1`,
    values: [workspace, source, scope, except],
  });
  return rows.length > 0;
}
