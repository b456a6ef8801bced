-- Which accounts can be asked is read for all workspaces at once; those that took their connection back are left out.
GRANT SELECT (disconnected_at) ON stripe_accounts TO tributary_across;
