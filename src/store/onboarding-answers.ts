/** What affiliates answered to the onboarding form, and who completed it. */
import type { GivenAnswer, Response } from '../core/onboarding.ts';
import type { Moment } from '../core/time.ts';
import type { Tx } from './tx.ts';

export type Answered = {
  readonly completedAt: Moment | null;
  /** By the question's id; also of questions that are asked no more. */
  readonly answers: ReadonlyMap<string, GivenAnswer>;
};

/** Of every one of these affiliates. */
export async function answeredBy(
  tx: Tx,
  workspace: string,
  affiliates: readonly string[],
): Promise<ReadonlyMap<string, Answered>> {
  const { rows } = await tx.query<{
    affiliate_id: string;
    completed_at: Date | null;
    answers: Record<string, GivenAnswer> | null;
  }>({
    text: `SELECT asked.affiliate_id, c.completed_at, a.answers
           FROM unnest($2::text[]) AS asked(affiliate_id)
           LEFT JOIN onboarding_completions c ON c.workspace_id = $1 AND c.affiliate_id = asked.affiliate_id
           LEFT JOIN (
             SELECT affiliate_id, jsonb_object_agg(question_id, answer) AS answers FROM onboarding_answers
             WHERE workspace_id = $1 AND affiliate_id = ANY ($2::text[]) GROUP BY 1
           ) a ON a.affiliate_id = asked.affiliate_id`,
    values: [workspace, affiliates],
  });
  return new Map(
    rows.map((row) => [
      row.affiliate_id,
      { completedAt: row.completed_at?.getTime() ?? null, answers: new Map(Object.entries(row.answers ?? {})) },
    ]),
  );
}

/** Nobody else writes what this affiliate answered until the transaction ends. false: there is none. */
export async function lockAnswering(tx: Tx, workspace: string, affiliate: string): Promise<boolean> {
  const { rows } = await tx.query({
    text: `SELECT 1 FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2 AND deleted_at IS NULL
           FOR NO KEY UPDATE`,
    values: [workspace, affiliate],
  });
  return rows.length > 0;
}

/** Each in place of an earlier one; null takes an answer away. Every question comes once. */
export async function putAnswers(
  tx: Tx,
  workspace: string,
  affiliate: string,
  responses: readonly Response[],
  at: number,
): Promise<void> {
  const given = responses.filter(({ answer }) => answer !== null);
  const gone = responses.filter(({ answer }) => answer === null).map(({ questionId }) => questionId);
  await tx.query({
    text: `DELETE FROM onboarding_answers
           WHERE workspace_id = $1 AND affiliate_id = $2 AND question_id = ANY ($3::text[])`,
    values: [workspace, affiliate, gone],
  });
  await tx.query({
    text: `INSERT INTO onboarding_answers (workspace_id, affiliate_id, question_id, answer, answered_at)
           SELECT $1, $2, r."questionId", r.answer, $4
           FROM jsonb_to_recordset($3::jsonb) AS r("questionId" text, answer jsonb)
           ON CONFLICT (workspace_id, affiliate_id, question_id)
           DO UPDATE SET answer = excluded.answer, answered_at = excluded.answered_at`,
    values: [workspace, affiliate, JSON.stringify(given), new Date(at).toISOString()],
  });
}

/** The first time counts. */
export async function completeOnboarding(tx: Tx, workspace: string, affiliate: string, at: number): Promise<void> {
  await tx.query({
    text: `INSERT INTO onboarding_completions (workspace_id, affiliate_id, completed_at) VALUES ($1, $2, $3)
           ON CONFLICT (workspace_id, affiliate_id) DO NOTHING`,
    values: [workspace, affiliate, new Date(at).toISOString()],
  });
}

/** The affiliate is shown to be done as long as the form is there, in place of what was said before; that they are stays. */
export async function markOnboarded(tx: Tx, workspace: string, affiliate: string): Promise<void> {
  await tx.query({
    text: `UPDATE affiliates SET updated_at = now(), details = jsonb_build_object('onboarding_marked', true)
             || CASE WHEN details -> 'onboarding_completed' = 'true' THEN details ELSE details - 'onboarding_completed' END
           WHERE workspace_id = $1 AND affiliate_id = $2`,
    values: [workspace, affiliate],
  });
}

/** Nobody is shown to be done any more, but who was said to be. */
export async function unmarkOnboarded(tx: Tx, workspace: string): Promise<void> {
  await tx.query({
    text: `WITH marked AS (
             SELECT affiliate_id FROM affiliates WHERE workspace_id = $1
               AND affiliate_id = ANY (ARRAY(SELECT affiliate_id FROM onboarding_completions WHERE workspace_id = $1))
             ORDER BY affiliate_id FOR NO KEY UPDATE
           ) UPDATE affiliates a SET details = a.details - 'onboarding_marked', updated_at = now()
           FROM marked WHERE a.workspace_id = $1 AND a.affiliate_id = marked.affiliate_id`,
    values: [workspace],
  });
}
