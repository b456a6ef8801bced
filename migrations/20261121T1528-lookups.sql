-- A code that is no link's is asked for by anybody, without a key: whether it once was one must not read every old link.
CREATE INDEX links_archived_code ON links (workspace_id, code) WHERE archived_at IS NOT NULL;
