-- One table holds the keys of every dialect. Those that are there already look as Affonso's do.
ALTER TABLE api_keys
  ADD COLUMN family text COLLATE "C" NOT NULL DEFAULT 'affonso',
  ADD COLUMN hosts text[] NOT NULL DEFAULT '{}', -- host names of pages that may use it; empty: any
  ADD COLUMN affiliate_id text COLLATE "C", -- who holds it; null: the workspace
  ADD COLUMN last_used_at timestamptz, -- to the minute
  ADD COLUMN rotated_from text COLLATE "C", -- the key it was made in place of
  ADD FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id);

-- Keys are listed, rotated and revoked by their id.
CREATE UNIQUE INDEX api_keys_by_id ON api_keys (workspace_id, key_id);

-- How many calls of a key were set aside in the window under way. Counts, not facts: a crash may empty it, nothing else
-- depends on it, and a row is used again by the next window.
CREATE UNLOGGED TABLE rate_limits (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  name text COLLATE "C" NOT NULL, -- key and length of the window
  points integer NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, name)
);
