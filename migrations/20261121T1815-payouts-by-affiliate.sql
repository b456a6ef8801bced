-- What one affiliate was paid, the latest first: the portal shows it to whoever holds a session, without counting.
CREATE INDEX commissions_payouts_of ON commissions (workspace_id, affiliate_id, livemode, payout_at, commission_id)
  WHERE payout_at IS NOT NULL;
