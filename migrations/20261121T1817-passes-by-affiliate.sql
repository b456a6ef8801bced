-- The passes of somebody who is turned away are deleted.
CREATE INDEX passes_by_affiliate ON passes (workspace_id, affiliate_id);
