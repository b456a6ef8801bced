-- What lets somebody see one affiliate's numbers without a key: tokens of pages that a company embeds, tokens that open the
-- portal once, and the sessions they open. Of a token only the SHA-256 is kept.
CREATE TABLE passes (
  workspace_id text COLLATE "C" NOT NULL,
  pass_hash bytea NOT NULL CHECK (octet_length(pass_hash) = 32),
  purpose text NOT NULL CHECK (purpose IN ('embed', 'portal', 'session')),
  affiliate_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (workspace_id, pass_hash),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id)
);
-- A token says nothing of its workspace: it is found by its hash alone.
CREATE INDEX passes_by_hash ON passes (pass_hash);
CREATE INDEX passes_by_end ON passes (workspace_id, expires_at);
SELECT keep_apart('passes'), open_across('passes', 'workspace_id, pass_hash');
