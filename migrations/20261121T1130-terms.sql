-- What is looked at as time goes by: tiers reached by sales, partners of whose sales too much was taken back.

-- Their commissions wait for an approval; the history carries it with the version from which it held.
ALTER TABLE affiliates ADD COLUMN held_reason text CHECK (held_reason <> '');
ALTER TABLE affiliates ADD COLUMN held_at timestamptz;
-- A hold that was lifted is not put back for the same sales: only later ones are judged.
ALTER TABLE affiliates ADD COLUMN judged_from timestamptz;
ALTER TABLE affiliates ADD CONSTRAINT affiliates_held_check CHECK ((held_reason IS NULL) = (held_at IS NULL));

-- Who was ever recruited by somebody: what was earned by it stands, also when it is taken back.
CREATE INDEX affiliates_recruited ON affiliates (workspace_id, affiliate_id) WHERE history @? '$[*].parentId';

-- When a workspace was looked at last: at what had changed, and at everybody.
CREATE TABLE watches (
  workspace_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES workspaces (workspace_id),
  looked_at timestamptz NOT NULL,
  swept_at timestamptz NOT NULL
);

-- Who sold something or lost something since the last look; most sales are nobody's and are not in it.
CREATE INDEX conversions_by_change ON conversions (workspace_id, updated_at) WHERE affiliate_id IS NOT NULL;
