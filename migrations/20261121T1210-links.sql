-- Links that lead to affiliates, and visitors who follow them more than once.

CREATE TABLE links (
  workspace_id text COLLATE "C" NOT NULL,
  link_id text COLLATE "C" NOT NULL,
  affiliate_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  -- What the URL carries; compared as it is. An affiliate's tracking id is a link without a row.
  code text COLLATE "C" NOT NULL CHECK (code <> ''),
  destination_url text,
  created_at timestamptz NOT NULL DEFAULT now(),
  archived_at timestamptz,
  PRIMARY KEY (workspace_id, link_id),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id),
  FOREIGN KEY (workspace_id, program_id) REFERENCES programs (workspace_id, program_id)
);
CREATE UNIQUE INDEX links_code ON links (workspace_id, code) WHERE archived_at IS NULL;
CREATE INDEX links_by_affiliate ON links (workspace_id, affiliate_id, link_id);

-- How long a click earns when nothing came of it.
ALTER TABLE programs ADD COLUMN click_window_days integer NOT NULL DEFAULT 60
  CONSTRAINT programs_click_window_check CHECK (click_window_days BETWEEN 1 AND 3650);

ALTER TABLE referrals
  ADD COLUMN link_id text COLLATE "C",
  ADD COLUMN visitor_id text COLLATE "C",
  ADD COLUMN fingerprint text COLLATE "C",
  -- When a link was followed; null: nobody did (made by hand, or a sale named the link).
  ADD COLUMN clicked_at timestamptz;
UPDATE referrals SET clicked_at = created_at WHERE status = 'click' OR click <> '{}';
CREATE INDEX referrals_by_visitor ON referrals (workspace_id, visitor_id) WHERE visitor_id IS NOT NULL;
CREATE INDEX referrals_by_fingerprint ON referrals (workspace_id, fingerprint) WHERE fingerprint IS NOT NULL;

-- An affiliate may have a name only.
DROP INDEX affiliates_email;
CREATE UNIQUE INDEX affiliates_email ON affiliates (workspace_id, program_id, lower(email))
  WHERE deleted_at IS NULL AND email <> '';
