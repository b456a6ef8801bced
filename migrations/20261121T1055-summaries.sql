-- What later payments of a referral need to know of a payment, so that rules that look across payments ("first sale",
-- "12 months", caps) ask for sums instead of reading every payment of a busy referral again.
ALTER TABLE payments
  -- 0: everything went back, 1: a proration only, 2: a payment; null: it earned no base.
  ADD COLUMN counts smallint CHECK (counts BETWEEN 0 AND 2),
  -- The last loss that counts; whoever was paid for later than that sees the payment as it is now.
  ADD COLUMN lost_at timestamptz,
  ADD COLUMN summary jsonb,
  -- The same summed over the payments before it, as they stood when it was made; null: no rule looked across then.
  ADD COLUMN earlier json;

DROP INDEX payments_by_referral;
CREATE INDEX payments_by_referral ON payments (workspace_id, livemode, referral_id, paid_at) WHERE referral_id IS NOT NULL;
CREATE INDEX payments_losses ON payments (workspace_id, livemode, referral_id, lost_at) WHERE lost_at IS NOT NULL;
