-- What was told as a test. Nothing else reads it: it credits nobody, earns nothing and is in no figure.
CREATE TABLE test_events (
  workspace_id text COLLATE "C" NOT NULL,
  number bigserial NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('click', 'lead', 'sale', 'refund')),
  -- Counts towards the runs that a program has in an hour.
  is_run boolean NOT NULL DEFAULT false,
  details jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, number),
  FOREIGN KEY (workspace_id, program_id) REFERENCES programs (workspace_id, program_id)
);
CREATE INDEX test_events_by_program ON test_events (workspace_id, program_id, number);
SELECT keep_apart('test_events');
GRANT USAGE ON SEQUENCE test_events_number_seq TO tributary_app;
