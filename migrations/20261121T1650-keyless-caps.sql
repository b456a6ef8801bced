-- What is only said without a key gives way to what is said with one, and is not said without end.

-- The e-mail and the app user id that stand on the row were said without a key.
ALTER TABLE referrals ADD COLUMN email_unproven boolean NOT NULL DEFAULT false;
ALTER TABLE referrals ADD COLUMN user_unproven boolean NOT NULL DEFAULT false;
-- Hashes of the names that sign-ups without a key had: so many are taken of each kind, and no more. null: none.
ALTER TABLE referrals ADD COLUMN keyless_names text[];
