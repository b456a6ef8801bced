-- How far what the provider's lists show has been walked, so that a walk that was stopped goes on where it was. One row
-- for each account and stream of a backfill, and one (`reconcile`) that says when the worker last looked for missing events.
CREATE TABLE backfills (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  livemode boolean NOT NULL,
  -- Which account of the workspace; empty: its own.
  scope text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  -- What was asked for; `reached` begins there, or where the stream itself begins.
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  -- Everything created before has been taken in.
  reached timestamptz NOT NULL,
  -- What nothing had told before.
  missing integer NOT NULL DEFAULT 0 CHECK (missing >= 0),
  finished_at timestamptz,
  -- Of `reconcile`: when it is due, and until when somebody is at it.
  run_at timestamptz,
  lease_until timestamptz,
  PRIMARY KEY (workspace_id, livemode, scope, stream)
);
