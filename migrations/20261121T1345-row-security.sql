-- The second wall between workspaces: a statement that forgets to say whose rows it wants gets none.
--
-- The service logs in as whoever owns the tables, and takes one of two roles for each transaction (store/scoped.ts):
-- `tributary_app` sees the rows of the one workspace that the transaction named, `tributary_across` finds work, keys and
-- homes in all of them, and can read and lease no more than that. Neither owns anything nor can get round the policies.

DO $$
DECLARE
  wanted text;
  hint text := 'Ask an administrator of the server for: CREATE ROLE tributary_app; CREATE ROLE tributary_across; GRANT tributary_app, tributary_across TO '
    || quote_ident(current_user) || ';';
BEGIN
  FOREACH wanted IN ARRAY ARRAY['tributary_app', 'tributary_across'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', wanted);
      END IF;
    EXCEPTION
      -- Roles are the server's: another database of it may have them already, or be making them now.
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'this login may not create the role %', wanted USING HINT = hint, ERRCODE = 'insufficient_privilege';
    END;
    IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
      BEGIN
        EXECUTE format('GRANT %I TO %I', wanted, current_user);
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'this login may not take the role %', wanted USING HINT = hint, ERRCODE = 'insufficient_privilege';
      END;
    END IF;
  END LOOP;
END $$;

DO $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO tributary_app, tributary_across', current_schema());
END $$;

-- Every table is given to this function by the migration that makes it.
CREATE FUNCTION keep_apart(kept regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', kept);
  EXECUTE format(
    'CREATE POLICY own_workspace ON %s TO tributary_app USING (workspace_id = current_setting(''tributary.workspace'', true))', kept);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO tributary_app', kept);
END $$;

-- Lets statements across workspaces read these columns, and write those, if any.
CREATE FUNCTION open_across(opened regclass, readable text, writable text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE POLICY across ON %s TO tributary_across USING (true)', opened);
  EXECUTE format('GRANT SELECT (%s) ON %s TO tributary_across', readable, opened);
  IF writable IS NOT NULL THEN EXECUTE format('GRANT UPDATE (%s) ON %s TO tributary_across', writable, opened); END IF;
END $$;

SELECT keep_apart(c.oid) FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'migrations';

-- What the trigger of the ledger forbids, this role may not even try.
REVOKE UPDATE, DELETE ON transfers FROM tributary_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tributary_app;

SELECT open_across('workspaces', 'workspace_id, settings'),
  open_across('watches', 'workspace_id, looked_at'),
  open_across('programs', 'workspace_id, program_id, number'),
  open_across('affiliates', 'workspace_id, affiliate_id, deleted_at'),
  open_across('stripe_accounts', 'workspace_id, account_id, scope, routed, created_at, removed_at'),
  open_across('stripe_secrets', 'workspace_id'),
  open_across('payments', 'workspace_id, livemode, payment_id, parked, wake_at');
-- Whole rows: what is leased is handed to the worker, a key is told by its hash alone.
CREATE POLICY across ON api_keys TO tributary_across USING (true);
CREATE POLICY across ON stripe_api_keys TO tributary_across USING (true);
CREATE POLICY across ON inbox TO tributary_across USING (true);
CREATE POLICY across ON payloads TO tributary_across USING (true);
CREATE POLICY across ON questions TO tributary_across USING (true);
GRANT SELECT ON api_keys, stripe_api_keys, inbox, payloads, questions TO tributary_across;
GRANT UPDATE (state, reason, run_at, lease_until, attempts) ON inbox TO tributary_across;
GRANT UPDATE (lease_until, attempts) ON questions TO tributary_across;

-- Behind a policy an index serves only comparisons that cannot give away a row they do not return: `=` on a column is
-- one, lower() and && are none. So e-mails are looked up by a column of their own, and payments that await a price by
-- the fact that they do.
ALTER TABLE affiliates ADD COLUMN email_key text COLLATE "C";
ALTER TABLE referrals ADD COLUMN email_key text COLLATE "C";
UPDATE affiliates SET email_key = lower(email);
UPDATE referrals SET email_key = lower(email) WHERE email IS NOT NULL;
CREATE FUNCTION keep_email_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.email_key := lower(NEW.email);
  RETURN NEW;
END $$;
CREATE TRIGGER affiliates_email_key BEFORE INSERT OR UPDATE OF email ON affiliates FOR EACH ROW EXECUTE FUNCTION keep_email_key();
CREATE TRIGGER referrals_email_key BEFORE INSERT OR UPDATE OF email ON referrals FOR EACH ROW EXECUTE FUNCTION keep_email_key();
DROP INDEX affiliates_email, referrals_email, payments_awaiting;
CREATE UNIQUE INDEX affiliates_email ON affiliates (workspace_id, program_id, email_key)
  WHERE deleted_at IS NULL AND email_key <> '';
CREATE UNIQUE INDEX referrals_email ON referrals (workspace_id, program_id, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX payments_awaiting ON payments (workspace_id, livemode) WHERE awaits_prices IS NOT NULL;
