-- Any number of Stripe accounts a workspace: their signing secrets and API keys (sealed), the scope of their ids, and
-- alerts for what a person has to look at.

ALTER TABLE stripe_accounts
  ADD COLUMN name text NOT NULL DEFAULT '',
  -- '' for the workspace's own account, else the account id: part of every key that comes from its events.
  ADD COLUMN scope text COLLATE "C",
  ADD COLUMN connected_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN disconnected_at timestamptz,
  -- A removed account keeps its row: were it registered again under another scope, its money would count twice.
  ADD COLUMN removed_at timestamptz,
  ADD CONSTRAINT stripe_accounts_account_id_check CHECK (account_id ~ '^[^[:space:]/]{1,255}$');

UPDATE stripe_accounts a SET scope = CASE WHEN first.account_id = a.account_id THEN '' ELSE a.account_id END
  FROM (SELECT DISTINCT ON (workspace_id) workspace_id, account_id FROM stripe_accounts
        ORDER BY workspace_id, created_at, account_id) first
  WHERE first.workspace_id = a.workspace_id;

ALTER TABLE stripe_accounts
  ALTER COLUMN scope SET NOT NULL,
  ADD CONSTRAINT stripe_accounts_scope_check CHECK (scope IN ('', account_id));
CREATE UNIQUE INDEX stripe_accounts_scope ON stripe_accounts (workspace_id, scope);

CREATE FUNCTION refuse_scope_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the scope of a Stripe account never changes: keys that were made with it would no longer match'
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stripe_accounts_scope_stays BEFORE UPDATE ON stripe_accounts
  FOR EACH ROW WHEN (OLD.scope IS DISTINCT FROM NEW.scope) EXECUTE FUNCTION refuse_scope_change();

CREATE TABLE stripe_secrets (
  workspace_id text COLLATE "C" NOT NULL,
  secret_id text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  label text NOT NULL DEFAULT '',
  shown text NOT NULL, -- prefix and last four characters
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  PRIMARY KEY (workspace_id, secret_id),
  FOREIGN KEY (workspace_id, account_id) REFERENCES stripe_accounts (workspace_id, account_id)
);
CREATE INDEX stripe_secrets_by_account ON stripe_secrets (workspace_id, account_id);

CREATE TABLE stripe_api_keys (
  workspace_id text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  shown text NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Stripe said no to it: set by who used it, cleared by a new key.
  refused_at timestamptz,
  refused_reason text,
  PRIMARY KEY (workspace_id, account_id, livemode),
  FOREIGN KEY (workspace_id, account_id) REFERENCES stripe_accounts (workspace_id, account_id)
);

-- The scope an event was heard in; its key begins with it (`acct_2/evt_1`).
ALTER TABLE inbox ADD COLUMN scope text COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE alerts (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  alert_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  message text NOT NULL,
  times integer NOT NULL DEFAULT 1 CHECK (times > 0),
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  resolved_at timestamptz,
  PRIMARY KEY (workspace_id, alert_id)
);
CREATE UNIQUE INDEX alerts_open ON alerts (workspace_id, kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX alerts_by_time ON alerts (workspace_id, last_at);
