/** The onboarding form of a workspace and its questions. A question that is asked no more stays for its answers, if it has any. */
import type { FormView } from '../core/onboarding-desk.ts';
import type { Question, QuestionType } from '../core/onboarding.ts';
import { unmarkOnboarded } from './onboarding-answers.ts';
import type { Tx } from './tx.ts';

/** A form without its questions. */
export type FormHead = Omit<FormView, 'questions'>;

type FormRow = { form_id: string; name: string; description: string | null; created_at: Date; updated_at: Date };

type QuestionRow = {
  question_id: string;
  question: string;
  type: QuestionType;
  is_required: boolean;
  options: string[];
  sort_order: number;
};

function headOf(row: FormRow): FormHead {
  return {
    id: row.form_id,
    name: row.name,
    description: row.description,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

/** `SHARE`: it stays as it is until the transaction ends; `UPDATE`: and nobody else rests on it. */
type Lock = 'SHARE' | 'UPDATE';

/** null: the workspace has none. */
export async function findForm(tx: Tx, workspace: string, lock?: Lock): Promise<FormView | null> {
  const head = await findFormHead(tx, workspace, lock);
  return head && { ...head, questions: await questionsOf(tx, workspace) };
}

export async function findFormHead(tx: Tx, workspace: string, lock?: Lock): Promise<FormHead | null> {
  const { rows } = await tx.query<FormRow>({
    text: `SELECT form_id, name, description, created_at, updated_at FROM onboarding_forms
           WHERE workspace_id = $1 ${lock === undefined ? '' : `FOR ${lock}`}`,
    values: [workspace],
  });
  return rows[0] ? headOf(rows[0]) : null;
}

/** Those that are asked, in the caller's order; of one number in the order of the caller's list. */
async function questionsOf(tx: Tx, workspace: string): Promise<Question[]> {
  const { rows } = await tx.query<QuestionRow>({
    text: `SELECT question_id, question, type, is_required, options, sort_order FROM onboarding_questions
           WHERE workspace_id = $1 AND removed_at IS NULL ORDER BY sort_order, place, question_id`,
    values: [workspace],
  });
  return rows.map((row) => ({
    id: row.question_id,
    question: row.question,
    type: row.type,
    isRequired: row.is_required,
    options: row.options,
    order: row.sort_order,
  }));
}

/** false: the workspace has one already, and nothing was written. */
export async function insertForm(tx: Tx, workspace: string, form: FormHead): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `INSERT INTO onboarding_forms (workspace_id, form_id, name, description, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id) DO NOTHING`,
    values: [workspace, form.id, form.name, form.description, iso(form.createdAt), iso(form.updatedAt)],
  });
  return rowCount === 1;
}

export async function updateForm(tx: Tx, workspace: string, form: FormHead): Promise<void> {
  await tx.query({
    text: 'UPDATE onboarding_forms SET name = $2, description = $3, updated_at = $4 WHERE workspace_id = $1',
    values: [workspace, form.name, form.description, iso(form.updatedAt)],
  });
}

/** Those of the ids that are questions of the form, also when they are asked no more. */
export async function knownQuestions(tx: Tx, workspace: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ question_id: string }>({
    text: 'SELECT question_id FROM onboarding_questions WHERE workspace_id = $1 AND question_id = ANY ($2::text[])',
    values: [workspace, ids],
  });
  return new Set(rows.map(({ question_id: id }) => id));
}

/** These are asked from now on, and no others: of those only what somebody answered stays. */
export async function putQuestions(
  tx: Tx,
  workspace: string,
  questions: readonly Question[],
  at: number,
): Promise<void> {
  const asked = questions.map(({ id }) => id);
  await tx.query({
    text: `DELETE FROM onboarding_questions q WHERE workspace_id = $1 AND NOT question_id = ANY ($2::text[])
             AND NOT EXISTS (SELECT 1 FROM onboarding_answers a WHERE a.workspace_id = $1 AND a.question_id = q.question_id)`,
    values: [workspace, asked],
  });
  await tx.query({
    text: `UPDATE onboarding_questions SET removed_at = $3
           WHERE workspace_id = $1 AND removed_at IS NULL AND NOT question_id = ANY ($2::text[])`,
    values: [workspace, asked, iso(at)],
  });
  const rows = questions.map((one, place) => ({
    question_id: one.id,
    question: one.question,
    type: one.type,
    is_required: one.isRequired,
    options: one.options,
    sort_order: one.order,
    place,
  }));
  await tx.query({
    text: `INSERT INTO onboarding_questions (workspace_id, question_id, question, type, is_required, options, sort_order, place)
           SELECT $1, q.* FROM jsonb_to_recordset($2::jsonb) AS q(question_id text, question text, type text,
             is_required boolean, options text[], sort_order integer, place integer)
           ON CONFLICT (workspace_id, question_id) DO UPDATE SET question = excluded.question, type = excluded.type,
             is_required = excluded.is_required, options = excluded.options, sort_order = excluded.sort_order,
             place = excluded.place, removed_at = NULL`,
    values: [workspace, JSON.stringify(rows)],
  });
}

/** With its questions, the answers to them and who completed it. */
export async function deleteForm(tx: Tx, workspace: string): Promise<void> {
  await unmarkOnboarded(tx, workspace);
  for (const table of ['onboarding_completions', 'onboarding_answers', 'onboarding_questions', 'onboarding_forms'])
    await tx.query({ text: `DELETE FROM ${table} WHERE workspace_id = $1`, values: [workspace] });
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
