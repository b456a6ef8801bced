-- When somebody signed up, and a number for dialects whose ids are integers.

ALTER TABLE referrals ADD COLUMN number bigserial NOT NULL;
-- null: nobody signed up: a click, or a buyer who was credited without a sign-up (by a coupon).
ALTER TABLE referrals ADD COLUMN lead_at timestamptz;
-- To change rows that are there, their owner has to see them.
ALTER TABLE referrals NO FORCE ROW LEVEL SECURITY;
UPDATE referrals SET lead_at = created_at WHERE status <> 'click' AND NOT metadata ? 'coupon_id';
ALTER TABLE referrals FORCE ROW LEVEL SECURITY;

-- Clicks and sign-ups of a day, and the latest ones.
CREATE INDEX referrals_clicked ON referrals (workspace_id, clicked_at) WHERE clicked_at IS NOT NULL;
CREATE INDEX referrals_leads ON referrals (workspace_id, lead_at) WHERE lead_at IS NOT NULL;
-- Whom a merchant's own id of a customer was credited with.
CREATE INDEX referrals_by_user ON referrals (workspace_id, external_user_id) WHERE external_user_id IS NOT NULL;

GRANT USAGE ON SEQUENCE referrals_number_seq TO tributary_app;
