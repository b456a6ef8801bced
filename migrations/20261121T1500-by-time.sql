-- Lists are read by time, and those of one affiliate without the rest of the workspace.
CREATE INDEX conversions_by_time ON conversions (workspace_id, livemode, occurred_at, conversion_id);
CREATE INDEX conversions_by_affiliate ON conversions (workspace_id, affiliate_id, occurred_at, conversion_id)
  WHERE affiliate_id IS NOT NULL;
CREATE INDEX affiliates_by_time ON affiliates (workspace_id, created_at, affiliate_id) WHERE deleted_at IS NULL;
