-- Whether the platform's endpoint delivers an account's events here. Whoever runs the service says so; a tenant's own key
-- cannot, or it could take over the events of another tenant's account by naming it first.
ALTER TABLE stripe_accounts ADD COLUMN routed boolean NOT NULL DEFAULT true;
