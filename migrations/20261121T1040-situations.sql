-- Every situation of a payment: disputes as conversions, coupons given to affiliates, exchange rates, recruiters.

ALTER TABLE conversions DROP CONSTRAINT conversions_kind_check;
ALTER TABLE conversions ADD CONSTRAINT conversions_kind_check CHECK (kind IN ('sale', 'refund', 'dispute'));

-- Who recruited the affiliate; the history carries it too, with the version from which it held.
ALTER TABLE affiliates ADD COLUMN parent_id text COLLATE "C";
ALTER TABLE affiliates ADD CONSTRAINT affiliates_workspace_id_parent_id_fkey
  FOREIGN KEY (workspace_id, parent_id) REFERENCES affiliates (workspace_id, affiliate_id);
ALTER TABLE affiliates ADD CONSTRAINT affiliates_parent_check CHECK (parent_id <> affiliate_id);
CREATE INDEX affiliates_by_parent ON affiliates (workspace_id, parent_id) WHERE parent_id IS NOT NULL;

-- A coupon or promotion code given to an affiliate: whoever uses it was sent by them. What the provider calls it may
-- become known later; a change makes a new row, so that what was decided by a row can be decided again.
CREATE TABLE coupons (
  workspace_id text COLLATE "C" NOT NULL,
  coupon_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  affiliate_id text COLLATE "C" NOT NULL,
  -- As it is typed; compared without case.
  code text NOT NULL CHECK (code <> ''),
  provider text NOT NULL DEFAULT 'stripe',
  provider_coupon_id text COLLATE "C",
  provider_promo_code_id text COLLATE "C",
  -- discount_type, discount_value, duration, duration_in_months, currency, product_ids, metadata: shown, decides nothing.
  details jsonb NOT NULL DEFAULT '{}',
  -- The rules_version that made it valid, and the one that ended it.
  since bigint NOT NULL,
  until bigint CHECK (until > since),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, coupon_id),
  FOREIGN KEY (workspace_id, program_id) REFERENCES programs (workspace_id, program_id),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id)
);
CREATE UNIQUE INDEX coupons_code ON coupons (workspace_id, program_id, lower(code)) WHERE until IS NULL;
CREATE INDEX coupons_by_affiliate ON coupons (workspace_id, affiliate_id, coupon_id);

-- One major unit of from_currency is numerator / denominator major units of to_currency on a UTC day. Insert only.
CREATE TABLE exchange_rates (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  from_currency text NOT NULL CHECK (from_currency ~ '^[a-z]{3}$'),
  to_currency text NOT NULL CHECK (to_currency ~ '^[a-z]{3}$'),
  day date NOT NULL,
  numerator numeric NOT NULL CHECK (numerator > 0),
  denominator numeric NOT NULL CHECK (denominator > 0),
  source text NOT NULL,
  since bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, from_currency, to_currency, day)
);
