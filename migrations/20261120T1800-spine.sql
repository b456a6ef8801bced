-- The spine: journal (inbox, referrals), merged state (payments, customers, prices), what was decided
-- (conversions, commissions) and the money (transfers, balances).
--
-- Every key starts with workspace_id: isolation now, sharding by workspace later. Text keys are COLLATE "C" so that
-- they sort and compare by bytes, the same on every machine. Amounts are bigint minor units beside their currency.

CREATE TABLE workspaces (
  workspace_id text COLLATE "C" NOT NULL CHECK (workspace_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text NOT NULL,
  currency text NOT NULL DEFAULT 'usd' CHECK (currency ~ '^[a-z]{3}$'),
  -- [{since: rules_version, settings}]: decisions see the settings that held when the payment became known.
  settings jsonb NOT NULL DEFAULT '[]',
  -- Grows with every change of incentives, settings or affiliates; what was known when is compared by it.
  rules_version bigint NOT NULL DEFAULT 1 CHECK (rules_version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id)
);

CREATE TABLE programs (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  program_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, program_id)
);
CREATE UNIQUE INDEX programs_one_default ON programs (workspace_id) WHERE is_default;

CREATE TABLE api_keys (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  key_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  shown text NOT NULL, -- prefix and last four characters: enough to recognise a key, useless to use it
  livemode boolean NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (workspace_id, key_hash)
);
-- A key says which workspace it is of, so it is looked up before the workspace is known.
CREATE INDEX api_keys_by_hash ON api_keys (key_hash);

CREATE TABLE stripe_accounts (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  account_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, account_id)
);
CREATE INDEX stripe_accounts_by_account ON stripe_accounts (account_id);

CREATE TABLE affiliates (
  workspace_id text COLLATE "C" NOT NULL,
  affiliate_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C",
  name text NOT NULL,
  email text NOT NULL,
  tracking_id text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'paused', 'banned')),
  external_user_id text,
  metadata jsonb NOT NULL DEFAULT '{}',
  details jsonb NOT NULL DEFAULT '{}',
  -- [{since: rules_version, group_id, status}]: a payment is decided with what held when it became known.
  history jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  PRIMARY KEY (workspace_id, affiliate_id),
  FOREIGN KEY (workspace_id, program_id) REFERENCES programs (workspace_id, program_id)
);
CREATE UNIQUE INDEX affiliates_tracking_id ON affiliates (workspace_id, tracking_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX affiliates_email ON affiliates (workspace_id, program_id, lower(email)) WHERE deleted_at IS NULL;

CREATE TABLE incentives (
  workspace_id text COLLATE "C" NOT NULL,
  incentive_id text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  program_id text COLLATE "C" NOT NULL,
  -- The rules_version that made this version valid, and the one that replaced or ended it.
  since bigint NOT NULL,
  until bigint CHECK (until > since),
  terms jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, incentive_id, version),
  FOREIGN KEY (workspace_id, program_id) REFERENCES programs (workspace_id, program_id)
);
CREATE UNIQUE INDEX incentives_current ON incentives (workspace_id, incentive_id) WHERE until IS NULL;

-- A click, and what it became: the click's id is the referral's id. Its own journal (DESIGN.md, "One journal").
CREATE TABLE referrals (
  workspace_id text COLLATE "C" NOT NULL,
  referral_id text COLLATE "C" NOT NULL,
  version integer NOT NULL DEFAULT 1,
  affiliate_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('click', 'lead', 'trialing', 'customer', 'active', 'canceled', 'rejected')),
  email text,
  name text,
  customer_id text,
  external_user_id text,
  subscription_id text,
  metadata jsonb NOT NULL DEFAULT '{}',
  click jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  converted_at timestamptz,
  PRIMARY KEY (workspace_id, referral_id),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id)
);
CREATE UNIQUE INDEX referrals_email ON referrals (workspace_id, program_id, lower(email)) WHERE email IS NOT NULL;
CREATE INDEX referrals_by_affiliate ON referrals (workspace_id, affiliate_id, referral_id);

-- One row per event as a source delivered it. The key lives for ever, the bytes have a table of their own.
CREATE TABLE inbox (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  source text COLLATE "C" NOT NULL,
  event_key text COLLATE "C" NOT NULL,
  type text NOT NULL,
  livemode boolean NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'done', 'ignored', 'parked', 'failed')),
  reason text,
  -- The first money key it speaks of, so that an event id leads to its payment.
  subject text COLLATE "C",
  rules bigint NOT NULL,
  occurred_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  run_at timestamptz,
  lease_until timestamptz,
  PRIMARY KEY (workspace_id, source, event_key),
  CHECK (state <> 'pending' OR run_at IS NOT NULL),
  CHECK (state NOT IN ('ignored', 'parked', 'failed') OR reason IS NOT NULL)
);
CREATE INDEX inbox_due ON inbox (run_at) WHERE state = 'pending';
CREATE INDEX inbox_attention ON inbox (workspace_id, state, received_at) WHERE state IN ('parked', 'failed', 'pending');
CREATE INDEX inbox_received ON inbox (workspace_id, received_at);

CREATE TABLE payloads (
  workspace_id text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  event_key text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (workspace_id, source, event_key),
  FOREIGN KEY (workspace_id, source, event_key) REFERENCES inbox (workspace_id, source, event_key)
);

-- Merged state. `state` is what the facts say, `posted` what was decided from it and stands in the ledger.
CREATE TABLE payments (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  payment_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  customer_key text COLLATE "C",
  referral_id text COLLATE "C",
  paid_at timestamptz,
  parked text,
  -- When a parked payment is decided again without a new fact (the deferral's deadline, the end of a hold).
  wake_at timestamptz,
  tokens text[] NOT NULL DEFAULT '{}',
  prices text[] NOT NULL DEFAULT '{}',
  awaits_prices text[],
  merged_into text COLLATE "C",
  state json NOT NULL,
  posted json NOT NULL,
  PRIMARY KEY (workspace_id, payment_id)
);
CREATE INDEX payments_by_customer ON payments (workspace_id, livemode, customer_key) WHERE customer_key IS NOT NULL;
CREATE INDEX payments_by_referral ON payments (workspace_id, livemode, referral_id) WHERE referral_id IS NOT NULL;
CREATE INDEX payments_wake ON payments (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX payments_awaiting ON payments USING gin (awaits_prices) WHERE awaits_prices IS NOT NULL;

CREATE TABLE payment_keys (
  workspace_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  key text COLLATE "C" NOT NULL,
  payment_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, livemode, key),
  FOREIGN KEY (workspace_id, payment_id) REFERENCES payments (workspace_id, payment_id)
);

CREATE TABLE customers (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  livemode boolean NOT NULL,
  customer_key text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  links text[] NOT NULL DEFAULT '{}',
  tokens text[] NOT NULL DEFAULT '{}',
  state json NOT NULL,
  PRIMARY KEY (workspace_id, livemode, customer_key)
);

CREATE TABLE prices (
  workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces (workspace_id),
  livemode boolean NOT NULL,
  price_key text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state json NOT NULL,
  PRIMARY KEY (workspace_id, livemode, price_key)
);

-- The public record of a sale or a refund.
CREATE TABLE conversions (
  workspace_id text COLLATE "C" NOT NULL,
  conversion_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  kind text NOT NULL CHECK (kind IN ('sale', 'refund')),
  payment_id text COLLATE "C" NOT NULL,
  money_key text COLLATE "C" NOT NULL,
  source text NOT NULL,
  external_event_id text COLLATE "C" NOT NULL,
  status text NOT NULL,
  reason text,
  referral_id text COLLATE "C",
  affiliate_id text COLLATE "C",
  program_id text COLLATE "C",
  currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
  amount bigint NOT NULL CHECK (amount >= 0),
  refunded bigint NOT NULL CHECK (refunded BETWEEN 0 AND amount),
  base bigint NOT NULL CHECK (base >= 0),
  occurred_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  explanation json,
  PRIMARY KEY (workspace_id, conversion_id),
  FOREIGN KEY (workspace_id, payment_id) REFERENCES payments (workspace_id, payment_id)
);
CREATE UNIQUE INDEX conversions_money_key ON conversions (workspace_id, livemode, kind, money_key);
CREATE INDEX conversions_by_payment ON conversions (workspace_id, payment_id);
CREATE INDEX conversions_by_event ON conversions (workspace_id, external_event_id);

-- What one payment earned one affiliate, with what it was computed from frozen on it.
CREATE TABLE commissions (
  workspace_id text COLLATE "C" NOT NULL,
  commission_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  conversion_id text COLLATE "C" NOT NULL,
  affiliate_id text COLLATE "C" NOT NULL,
  referral_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'pending_manual_approval', 'ready_for_payment',
    'processing_payout', 'paid', 'declined', 'refunded', 'dispute')),
  currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
  base bigint NOT NULL CHECK (base >= 0),
  earned bigint NOT NULL CHECK (earned >= 0),
  reversed bigint NOT NULL CHECK (reversed BETWEEN 0 AND earned),
  incentive_id text COLLATE "C",
  incentive_version integer,
  hold_days integer CHECK (hold_days >= 0),
  available_at timestamptz NOT NULL,
  released_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  parts json NOT NULL,
  PRIMARY KEY (workspace_id, commission_id),
  FOREIGN KEY (workspace_id, conversion_id) REFERENCES conversions (workspace_id, conversion_id),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id)
);
-- A sale that turns out to be of another currency takes its commission back and earns one anew.
CREATE UNIQUE INDEX commissions_once ON commissions (workspace_id, conversion_id, affiliate_id, currency);
CREATE INDEX commissions_by_affiliate ON commissions (workspace_id, affiliate_id, commission_id);

-- The ledger: double entry (one row debits one account and credits another), append-only.
CREATE TABLE transfers (
  workspace_id text COLLATE "C" NOT NULL,
  transfer_id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  commission_id text COLLATE "C" NOT NULL,
  affiliate_id text COLLATE "C" NOT NULL,
  debit text NOT NULL CHECK (debit IN ('program', 'review', 'pending', 'payable', 'paid')),
  credit text NOT NULL CHECK (credit IN ('program', 'review', 'pending', 'payable', 'paid')),
  amount bigint NOT NULL CHECK (amount > 0),
  currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
  reason text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, transfer_id),
  CHECK (debit <> credit),
  FOREIGN KEY (workspace_id, commission_id) REFERENCES commissions (workspace_id, commission_id)
);
CREATE INDEX transfers_by_affiliate ON transfers (workspace_id, affiliate_id, transfer_id);

-- The present balance; moved in the same statement as the transfers. `payable` may go below zero after a payout.
CREATE TABLE balances (
  workspace_id text COLLATE "C" NOT NULL,
  affiliate_id text COLLATE "C" NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
  livemode boolean NOT NULL,
  review bigint NOT NULL CHECK (review >= 0),
  pending bigint NOT NULL CHECK (pending >= 0),
  payable bigint NOT NULL,
  paid bigint NOT NULL CHECK (paid >= 0),
  PRIMARY KEY (workspace_id, affiliate_id, currency, livemode),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: correct money by posting another transfer', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Aborts the statement it stands in when a row was changed by somebody else since it was read.
CREATE FUNCTION expect_rows(expected bigint, actual bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF expected <> actual THEN
    RAISE EXCEPTION 'expected % current rows, found %', expected, actual USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN true;
END $$;
