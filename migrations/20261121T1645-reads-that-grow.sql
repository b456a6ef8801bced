-- Lists and figures take as long as what they answer with, however much the workspace holds: each has an index that begins
-- with whose rows it wants, goes on in the order in which it shows them, and ends with what it filters and counts by.

-- What lists ask of a commission stands on its own row, so that they need not look into every sale and payment.
ALTER TABLE commissions
  -- When its sale was paid; null: there is no such sale any more, or nothing of it.
  ADD COLUMN sold_at timestamptz,
  -- How its sale stands, on the one commission that the sale shows: that of whom it credits. null: it is a recruiter's, or
  -- another took its place.
  ADD COLUMN sale_status text,
  -- When it was first said to be on its way or paid, when it was said to be what it is, and what goes out: minor units of
  -- the commission's currency. null: nothing was paid out.
  ADD COLUMN payout_at timestamptz,
  ADD COLUMN processed_at timestamptz,
  ADD COLUMN payout_amount bigint,
  ADD CONSTRAINT commissions_sold_check CHECK (sale_status IS NULL OR sold_at IS NOT NULL),
  ADD CONSTRAINT commissions_payout_check CHECK ((payout_at IS NULL) = (processed_at IS NULL) AND (payout_at IS NULL) = (payout_amount IS NULL));
-- In which program's figures its sale counts; null: it credits nobody, or does not stand.
ALTER TABLE payments ADD COLUMN program_id text COLLATE "C";

-- To change rows that are there, their owner has to see them, and those they follow from.
ALTER TABLE commissions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE conversions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE payments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE transfers NO FORCE ROW LEVEL SECURITY;

UPDATE commissions m SET sold_at = c.occurred_at FROM conversions c
WHERE c.workspace_id = m.workspace_id AND c.conversion_id = m.conversion_id AND c.status <> 'void'
  AND NOT (m.status = 'declined' AND m.earned = 0);

UPDATE commissions m SET sold_at = s.occurred_at, sale_status = s.status FROM (
  SELECT DISTINCT ON (c.workspace_id, c.conversion_id) o.workspace_id, o.commission_id, c.occurred_at, c.status
  FROM conversions c
  JOIN commissions o ON o.workspace_id = c.workspace_id AND o.conversion_id = c.conversion_id AND o.affiliate_id = c.affiliate_id
    AND NOT (o.currency <> c.currency AND o.status = 'declined' AND o.earned = 0)
  WHERE c.status <> 'void'
  ORDER BY c.workspace_id, c.conversion_id, o.status = 'declined' AND o.earned = 0, o.earned = 0, o.currency <> c.currency, o.commission_id DESC
) s WHERE m.workspace_id = s.workspace_id AND m.commission_id = s.commission_id;

WITH paid AS (
  SELECT workspace_id, commission_id, sum(CASE WHEN credit = 'paid' THEN amount ELSE -amount END)::bigint AS amount
  FROM transfers WHERE debit = 'paid' OR credit = 'paid' GROUP BY 1, 2
), payouts AS (
  SELECT o.workspace_id, o.commission_id, o.affiliate_id, o.currency, o.status, o.earned - o.reversed AS due, COALESCE(t.amount, 0) AS paid,
    c.occurred_at, p.state -> 'rulings' AS rulings
  FROM commissions o
  LEFT JOIN paid t USING (workspace_id, commission_id)
  JOIN conversions c USING (workspace_id, conversion_id)
  JOIN payments p USING (workspace_id, payment_id)
  WHERE o.status IN ('processing_payout', 'paid') OR t.amount <> 0
), words AS (
  SELECT o.*, w.began, w.paid_at, w.amounts FROM payouts o CROSS JOIN LATERAL (
    SELECT min((word #>> '{stamp,at}')::bigint) FILTER (WHERE word ->> 'status' IN ('processing_payout', 'paid')) AS began,
      min((word #>> '{stamp,at}')::bigint) FILTER (WHERE word ->> 'status' = 'paid') AS paid_at,
      (array_agg(word -> 'amounts' ORDER BY n) FILTER (WHERE word ->> 'status' = 'processing_payout'))[1] AS amounts
    FROM json_array_elements(o.rulings) WITH ORDINALITY AS e(word, n)
    WHERE n > COALESCE((SELECT max(n) FROM json_array_elements(o.rulings) WITH ORDINALITY AS e(word, n)
      WHERE word ->> 'status' IN ('ready_for_payment', 'pending', 'pending_manual_approval')), 0)
  ) w
)
UPDATE commissions m SET payout_at = COALESCE(to_timestamp(w.began / 1000.0), w.occurred_at),
  processed_at = COALESCE(to_timestamp(CASE WHEN w.status = 'processing_payout' THEN w.began ELSE w.paid_at END / 1000.0), w.occurred_at),
  payout_amount = CASE WHEN w.status <> 'processing_payout' THEN w.paid ELSE COALESCE((SELECT sum((one ->> 'amount')::bigint)
    FROM json_array_elements(w.amounts) AS one
    WHERE one ->> 'affiliateId' = w.affiliate_id AND one ->> 'currency' = w.currency), w.due) END
FROM words w WHERE m.workspace_id = w.workspace_id AND m.commission_id = w.commission_id;

UPDATE payments p SET program_id = c.program_id FROM conversions c
WHERE c.workspace_id = p.workspace_id AND c.payment_id = p.payment_id AND c.kind = 'sale' AND c.affiliate_id IS NOT NULL
  AND c.status NOT IN ('void', 'open', 'trialing', 'failed');

ALTER TABLE commissions FORCE ROW LEVEL SECURITY;
ALTER TABLE conversions FORCE ROW LEVEL SECURITY;
ALTER TABLE payments FORCE ROW LEVEL SECURITY;
ALTER TABLE transfers FORCE ROW LEVEL SECURITY;

CREATE INDEX commissions_by_time ON commissions (workspace_id, livemode, sold_at, conversion_id, status, sale_status)
  WHERE sale_status IS NOT NULL;
DROP INDEX commissions_by_affiliate, commissions_paid_out;
CREATE INDEX commissions_by_affiliate ON commissions (workspace_id, affiliate_id, livemode, sold_at, conversion_id, status, sale_status);
CREATE INDEX commissions_payouts ON commissions (workspace_id, livemode, payout_at, commission_id, status, affiliate_id)
  WHERE payout_at IS NOT NULL;

DROP INDEX conversions_by_time;
CREATE INDEX conversions_by_time ON conversions (workspace_id, livemode, occurred_at, conversion_id, kind) WHERE status <> 'void';
-- Sales that credit somebody and stand.
CREATE INDEX conversions_credited ON conversions (workspace_id, program_id, livemode, occurred_at, number)
  WHERE kind = 'sale' AND affiliate_id IS NOT NULL AND status NOT IN ('void', 'open', 'trialing', 'failed');

-- Whether a referral bought before.
DROP INDEX payments_by_referral;
CREATE INDEX payments_by_referral ON payments (workspace_id, livemode, referral_id, paid_at, program_id)
  WHERE referral_id IS NOT NULL;

DROP INDEX referrals_clicked, referrals_leads, referrals_by_affiliate;
CREATE INDEX referrals_clicked ON referrals (workspace_id, program_id, clicked_at, number) WHERE clicked_at IS NOT NULL;
CREATE INDEX referrals_leads ON referrals (workspace_id, program_id, lead_at, number)
  WHERE lead_at IS NOT NULL AND status <> 'rejected' AND NOT test_only;
CREATE INDEX referrals_by_affiliate ON referrals (workspace_id, affiliate_id, clicked_at, referral_id);
CREATE INDEX referrals_by_time ON referrals (workspace_id, created_at, referral_id, status) WHERE status <> 'click';

DROP INDEX transfers_by_affiliate;
CREATE INDEX transfers_by_affiliate ON transfers (workspace_id, affiliate_id, livemode, at, transfer_id);

DROP INDEX inbox_received;
CREATE INDEX inbox_received ON inbox (workspace_id, livemode, received_at, state);
