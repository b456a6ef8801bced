-- Visits that were only a test, payouts as they are read, and secrets that requests are signed with.

-- A visit that a page made as a test: the live world does not know it, so that no real money is ever credited to it.
ALTER TABLE referrals ADD COLUMN test_only boolean NOT NULL DEFAULT false;

-- What was paid out, found by its commission; nothing of a sale that was not paid out yet is in it.
CREATE INDEX transfers_paid ON transfers (workspace_id, commission_id) WHERE debit = 'paid' OR credit = 'paid';
CREATE INDEX commissions_paid_out ON commissions (workspace_id, livemode, updated_at)
  WHERE status IN ('processing_payout', 'paid');

-- A workspace whose callers sign their requests has a row.
CREATE TABLE request_secrets (
  workspace_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES workspaces (workspace_id),
  shown text NOT NULL, -- prefix and last four characters
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
SELECT keep_apart('request_secrets');
