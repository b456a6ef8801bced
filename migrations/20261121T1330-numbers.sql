-- Numbers for dialects whose ids are integers. One row after another over all workspaces: they say nothing but which row.

ALTER TABLE programs ADD COLUMN number bigserial NOT NULL;
CREATE INDEX programs_by_number ON programs (number);

ALTER TABLE conversions ADD COLUMN number bigserial NOT NULL;
ALTER TABLE commissions ADD COLUMN number bigserial NOT NULL;
