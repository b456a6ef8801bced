-- What is shown of a program, and the groups its affiliates are in.

-- As it was given, by section: nothing decides by it.
ALTER TABLE programs
  ADD COLUMN details jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();

-- A group is used by its id alone, on affiliates, incentives and tiers; a row gives it a name.
CREATE TABLE affiliate_groups (
  workspace_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  description text,
  custom_website_url text,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, group_id),
  FOREIGN KEY (workspace_id, program_id) REFERENCES programs (workspace_id, program_id)
);
CREATE UNIQUE INDEX affiliate_groups_default ON affiliate_groups (workspace_id, program_id) WHERE is_default;
CREATE INDEX affiliates_by_group ON affiliates (workspace_id, program_id, group_id) WHERE group_id IS NOT NULL;
SELECT keep_apart('affiliate_groups');
