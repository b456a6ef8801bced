-- A question that is asked no more stays for its answers alone: whether it has any is looked up by it.
CREATE INDEX onboarding_answers_by_question ON onboarding_answers (workspace_id, question_id);
-- To delete rows, their owner has to see them, and those that rest on them.
ALTER TABLE onboarding_questions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE onboarding_answers NO FORCE ROW LEVEL SECURITY;
DELETE FROM onboarding_questions q WHERE removed_at IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM onboarding_answers a WHERE a.workspace_id = q.workspace_id AND a.question_id = q.question_id);
ALTER TABLE onboarding_questions FORCE ROW LEVEL SECURITY;
ALTER TABLE onboarding_answers FORCE ROW LEVEL SECURITY;
