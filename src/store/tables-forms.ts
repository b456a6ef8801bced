/** Tables of what affiliates are given and asked: creatives, the onboarding form and what was answered. */
import { column, nullable, primary, table, withDefault } from './entity.ts';

export const creatives = table(
  'creatives',
  {
    workspace_id: primary(column.id),
    creative_id: primary(column.id),
    program_id: column.id,
    name: nullable(column.text),
    description: nullable(column.text),
    category: nullable(column.text),
    subcategory: nullable(column.text),
    url: nullable(column.text),
    content: nullable(column.text),
    tags: withDefault(column.texts, () => "'{}'"),
    width: nullable(column.integer),
    height: nullable(column.integer),
    usage_notes: nullable(column.text),
    restrictions: nullable(column.text),
    created_at: withDefault(column.at, () => 'now()'),
    updated_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: { programs: ['workspace_id', 'program_id'] },
    indexes: [{ name: 'creatives_by_time', columns: ['workspace_id', 'program_id', 'created_at', 'creative_id'] }],
    checks: ['creatives_category_check', 'creatives_size_check'],
  },
);

export const onboardingForms = table(
  'onboarding_forms',
  {
    workspace_id: primary(column.id),
    form_id: column.id,
    name: column.text,
    description: nullable(column.text),
    created_at: withDefault(column.at, () => 'now()'),
    updated_at: withDefault(column.at, () => 'now()'),
  },
  { references: { workspaces: ['workspace_id'] } },
);

export const onboardingQuestions = table(
  'onboarding_questions',
  {
    workspace_id: primary(column.id),
    question_id: primary(column.id),
    question: column.text,
    type: column.text,
    is_required: withDefault(column.flag, false),
    options: withDefault(column.texts, () => "'{}'"),
    sort_order: column.integer,
    place: column.integer,
    removed_at: nullable(column.at),
  },
  { references: { onboarding_forms: ['workspace_id'] }, checks: ['onboarding_questions_type_check'] },
);

export const onboardingAnswers = table(
  'onboarding_answers',
  {
    workspace_id: primary(column.id),
    affiliate_id: primary(column.id),
    question_id: primary(column.id),
    answer: column.jsonb,
    answered_at: withDefault(column.at, () => 'now()'),
  },
  {
    references: {
      affiliates: ['workspace_id', 'affiliate_id'],
      onboarding_questions: ['workspace_id', 'question_id'],
    },
    indexes: [{ name: 'onboarding_answers_by_question', columns: ['workspace_id', 'question_id'] }],
    checks: ['onboarding_answers_answer_check'],
  },
);

export const onboardingCompletions = table(
  'onboarding_completions',
  {
    workspace_id: primary(column.id),
    affiliate_id: primary(column.id),
    completed_at: withDefault(column.at, () => 'now()'),
  },
  { references: { onboarding_forms: ['workspace_id'], affiliates: ['workspace_id', 'affiliate_id'] } },
);
