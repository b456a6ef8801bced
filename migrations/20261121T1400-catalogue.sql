-- Links in collections, with what is shown beside them, that lead to an affiliate or to nobody; and who buys: what callers
-- say of their customers, and every lead they told of.

CREATE TABLE collections (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  collection_id text COLLATE "C" NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  description text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (workspace_id, collection_id)
);
CREATE INDEX collections_by_time ON collections (workspace_id, created_at, collection_id) WHERE deleted_at IS NULL;

CREATE TABLE tags (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  tag_id text COLLATE "C" NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  color text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, tag_id)
);

ALTER TABLE links
  ALTER COLUMN affiliate_id DROP NOT NULL, -- null: nobody is credited with what comes of it
  ADD COLUMN title text,
  ADD COLUMN description text,
  ADD COLUMN image text,
  ADD COLUMN utm jsonb, -- source, medium, campaign, term, content, referral: what the redirect adds to the destination
  ADD COLUMN collection_id text COLLATE "C",
  ADD COLUMN tenant_id text COLLATE "C",
  ADD COLUMN external_id text COLLATE "C",
  ADD COLUMN updated_at timestamptz,
  ADD FOREIGN KEY (workspace_id, collection_id) REFERENCES collections (workspace_id, collection_id);

-- Visitors are sent where a link says, so it must be a page. To change rows that are there, their owner has to see them.
ALTER TABLE links NO FORCE ROW LEVEL SECURITY;
UPDATE links SET updated_at = created_at, destination_url = CASE WHEN destination_url ~* '^https?://' THEN destination_url END;
ALTER TABLE links FORCE ROW LEVEL SECURITY;
ALTER TABLE links
  ALTER COLUMN updated_at SET DEFAULT now(),
  ALTER COLUMN updated_at SET NOT NULL,
  ADD CONSTRAINT links_destination_check CHECK (destination_url ~* '^https?://');

CREATE UNIQUE INDEX links_external_id ON links (workspace_id, external_id)
  WHERE archived_at IS NULL AND external_id IS NOT NULL;
CREATE INDEX links_by_time ON links (workspace_id, created_at, link_id) WHERE archived_at IS NULL;
CREATE INDEX links_by_tenant ON links (workspace_id, tenant_id, created_at, link_id) WHERE tenant_id IS NOT NULL;

ALTER TABLE affiliates ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE affiliates NO FORCE ROW LEVEL SECURITY;
UPDATE affiliates SET updated_at = created_at;
ALTER TABLE affiliates FORCE ROW LEVEL SECURITY;

-- A click through a link of nobody: its sales are recorded and earn nothing.
ALTER TABLE referrals ALTER COLUMN affiliate_id DROP NOT NULL;
CREATE INDEX referrals_by_link ON referrals (workspace_id, link_id, clicked_at, referral_id)
  WHERE link_id IS NOT NULL AND clicked_at IS NOT NULL;
CREATE INDEX referrals_by_click ON referrals (workspace_id, clicked_at, referral_id)
  WHERE link_id IS NOT NULL AND clicked_at IS NOT NULL;

CREATE TABLE profiles (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  livemode boolean NOT NULL,
  external_id text COLLATE "C" NOT NULL CHECK (external_id <> ''),
  profile_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  email text,
  phone text,
  avatar text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, livemode, external_id)
);
CREATE UNIQUE INDEX profiles_by_id ON profiles (workspace_id, profile_id);
CREATE INDEX profiles_by_time ON profiles (workspace_id, livemode, created_at, profile_id);

CREATE TABLE leads (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  lead_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  external_id text COLLATE "C" NOT NULL, -- the customer's
  click_id text COLLATE "C" NOT NULL,
  event_name text NOT NULL CHECK (event_name <> ''),
  metadata json,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, lead_id)
);
CREATE INDEX leads_by_customer ON leads (workspace_id, livemode, external_id, created_at, lead_id);

SELECT keep_apart('collections'), keep_apart('tags'), keep_apart('profiles'), keep_apart('leads');
