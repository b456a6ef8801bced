-- What affiliates are given to advertise with, and what they are asked when they join. Both worlds share them, as they
-- share affiliates.

CREATE TABLE creatives (
  workspace_id text COLLATE "C" NOT NULL,
  creative_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  name text,
  description text,
  category text CHECK (category IN ('brand', 'banner', 'product', 'content', 'video', 'document')),
  subcategory text,
  url text,
  content text,
  tags text[] NOT NULL DEFAULT '{}',
  -- Pixels.
  width integer,
  height integer,
  usage_notes text,
  restrictions text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, creative_id),
  FOREIGN KEY (workspace_id, program_id) REFERENCES programs (workspace_id, program_id),
  CONSTRAINT creatives_size_check CHECK ((width IS NULL) = (height IS NULL) AND width > 0 AND height > 0)
);
CREATE INDEX creatives_by_time ON creatives (workspace_id, program_id, created_at, creative_id);
SELECT keep_apart('creatives');

-- A workspace has one.
CREATE TABLE onboarding_forms (
  workspace_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES workspaces (workspace_id),
  form_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  description text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
SELECT keep_apart('onboarding_forms');

-- One that a change left out is removed, and its answers stay: it may be taken up again.
CREATE TABLE onboarding_questions (
  workspace_id text COLLATE "C" NOT NULL REFERENCES onboarding_forms (workspace_id),
  question_id text COLLATE "C" NOT NULL,
  question text NOT NULL,
  type text NOT NULL CHECK (type IN ('single_choice', 'multiple_choice', 'text_input', 'textarea')),
  is_required boolean NOT NULL DEFAULT false,
  options text[] NOT NULL DEFAULT '{}',
  -- As the caller numbered it, and where it stood in the caller's list.
  sort_order integer NOT NULL,
  place integer NOT NULL,
  removed_at timestamptz,
  PRIMARY KEY (workspace_id, question_id)
);
SELECT keep_apart('onboarding_questions');

CREATE TABLE onboarding_answers (
  workspace_id text COLLATE "C" NOT NULL,
  affiliate_id text COLLATE "C" NOT NULL,
  question_id text COLLATE "C" NOT NULL,
  -- A text, or a list of texts.
  answer jsonb NOT NULL CHECK (jsonb_typeof(answer) IN ('string', 'array')),
  answered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, affiliate_id, question_id),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id),
  FOREIGN KEY (workspace_id, question_id) REFERENCES onboarding_questions (workspace_id, question_id)
);
SELECT keep_apart('onboarding_answers');

CREATE TABLE onboarding_completions (
  workspace_id text COLLATE "C" NOT NULL REFERENCES onboarding_forms (workspace_id),
  affiliate_id text COLLATE "C" NOT NULL,
  completed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, affiliate_id),
  FOREIGN KEY (workspace_id, affiliate_id) REFERENCES affiliates (workspace_id, affiliate_id)
);
SELECT keep_apart('onboarding_completions');
