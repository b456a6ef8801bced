-- What decisions miss and the provider's API could tell. Written with the decision that asks, in the same transaction;
-- asked by a worker of its own. The answer is an event of the inbox, so that everything can be replayed without a network.
CREATE TABLE questions (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  livemode boolean NOT NULL,
  -- Which account of the workspace knows the answer; empty: its own.
  scope text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  -- `refused`: the key was not accepted; it is tried again, as an open one is.
  state text NOT NULL CHECK (state IN ('open', 'answered', 'missing', 'refused')),
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  run_at timestamptz,
  lease_until timestamptz,
  reason text,
  asked_at timestamptz,
  answered_at timestamptz,
  PRIMARY KEY (workspace_id, livemode, scope, kind, id),
  CHECK (state NOT IN ('open', 'refused') OR run_at IS NOT NULL)
);
CREATE INDEX questions_due ON questions (workspace_id, livemode, scope, run_at) WHERE state IN ('open', 'refused');
