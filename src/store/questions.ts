/** Questions as a queue. Each function is one statement. */
import type { Question } from '../core/questions.ts';
import type { Tx } from './tx.ts';

/** A question of one account. `scope`: which account of the workspace knows the answer; empty: its own. */
export type OpenQuestion = {
  readonly workspace: string;
  readonly livemode: boolean;
  readonly scope: string;
  readonly question: Question;
  /** Tries so far, this one included; those that were rate limited do not count. */
  readonly attempts: number;
};

/** Seconds a worker may take for one question, all its pages included. */
const LEASE_SECONDS = 120;

/** Of one account at a time, so that the backlog of one never holds up the others. */
const MOST_PER_ACCOUNT = 8;

type Row = {
  workspace_id: string;
  livemode: boolean;
  scope: string;
  kind: Question['kind'];
  id: string;
  attempts: number;
};

/** What is not to be asked for now: an account, or one kind of question there. */
export function lineName(workspace: string, livemode: boolean, scope: string, kind = ''): string {
  return [workspace, livemode ? 'live' : 'test', scope, kind].join('/');
}

const LINE = `workspace_id || '/' || CASE WHEN livemode THEN 'live' ELSE 'test' END || '/' || scope || '/'`;

/**
 * Takes up to `limit` due questions and leases them, some of each account. `closed`: names of lines (`lineName`) that
 * are not used at the moment; their questions stay where they are.
 */
export async function claimQuestions(
  tx: Tx,
  now: number,
  limit: number,
  closed: readonly string[],
): Promise<OpenQuestion[]> {
  const { rows } = await tx.query<Row>({
    name: 'claim_questions',
    text: `WITH RECURSIVE accounts AS (
        (SELECT workspace_id, livemode, scope FROM questions WHERE state IN ('open', 'refused')
         ORDER BY workspace_id, livemode, scope LIMIT 1)
        UNION ALL
        SELECT next.* FROM accounts a CROSS JOIN LATERAL (
          SELECT workspace_id, livemode, scope FROM questions WHERE state IN ('open', 'refused')
            AND (workspace_id, livemode, scope) > (a.workspace_id, a.livemode, a.scope)
          ORDER BY workspace_id, livemode, scope LIMIT 1) next
      ), due AS (
        SELECT q.* FROM accounts a CROSS JOIN LATERAL (
          SELECT workspace_id, livemode, scope, kind, id FROM questions
          WHERE workspace_id = a.workspace_id AND livemode = a.livemode AND scope = a.scope
            AND state IN ('open', 'refused') AND run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
            AND NOT ${LINE} || kind = ANY ($3::text[])
          ORDER BY run_at, kind, id LIMIT ${MOST_PER_ACCOUNT} FOR UPDATE SKIP LOCKED) q
        WHERE NOT ${LINE.replaceAll(/\b(workspace_id|livemode|scope)\b/g, 'a.$1')} = ANY ($3::text[])
        LIMIT $2
      )
      UPDATE questions q SET lease_until = $1::timestamptz + make_interval(secs => ${LEASE_SECONDS}), attempts = q.attempts + 1
      FROM due WHERE q.workspace_id = due.workspace_id AND q.livemode = due.livemode AND q.scope = due.scope
        AND q.kind = due.kind AND q.id = due.id
      RETURNING q.workspace_id, q.livemode, q.scope, q.kind, q.id, q.attempts`,
    values: [new Date(now).toISOString(), limit, closed],
  });
  return rows.map(({ workspace_id: workspace, livemode, scope, kind, id, attempts }) => ({
    workspace,
    livemode,
    scope,
    question: { kind, id },
    attempts,
  }));
}

export type QuestionEnd = {
  readonly state: 'open' | 'answered' | 'missing' | 'refused';
  readonly reason: string | null;
  /** When it is asked (again); null when it is not. */
  readonly runAt: number | null;
  /** The moment it was asked; null: it was not. */
  readonly askedAt: number | null;
  /** This try does not count: nothing was wrong with the question. */
  readonly uncounted?: boolean;
};

/** Ends a lease without an answer: asked again, or never. */
export async function setQuestion(tx: Tx, of: OpenQuestion, end: QuestionEnd, now: number): Promise<void> {
  const iso = (moment: number | null): string | null => (moment === null ? null : new Date(moment).toISOString());
  await tx.query({
    name: 'set_question',
    text: `UPDATE questions SET state = $6, reason = $7, run_at = $8, asked_at = COALESCE($9, asked_at), lease_until = NULL,
             attempts = attempts - $10::int,
             answered_at = CASE WHEN $6 IN ('answered', 'missing') THEN $11::timestamptz END
           WHERE workspace_id = $1 AND livemode = $2 AND scope = $3 AND kind = $4 AND id = $5`,
    values: [
      of.workspace,
      of.livemode,
      of.scope,
      of.question.kind,
      of.question.id,
      end.state,
      end.reason,
      iso(end.runAt),
      iso(end.askedAt),
      end.uncounted ? 1 : 0,
      iso(now),
    ],
  });
}

/** Forgets up to `limit` questions that nobody asks any more since before `before`. Returns how many. */
export async function forgetQuestions(tx: Tx, workspace: string, before: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'forget_questions',
    text: `DELETE FROM questions WHERE (workspace_id, livemode, scope, kind, id) IN (
             SELECT workspace_id, livemode, scope, kind, id FROM questions
             WHERE workspace_id = $1 AND state IN ('answered', 'missing')
               AND COALESCE(answered_at, asked_at, '-infinity') < $2 LIMIT $3)`,
    values: [workspace, new Date(before).toISOString(), limit],
  });
  return rowCount ?? 0;
}

/** The state of the payment that this money key leads to, as it is written; null: nothing was heard of it. */
export async function stateBehind(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  moneyKey: string,
): Promise<string | null> {
  const { rows } = await tx.query<{ state: string }>({
    name: 'state_behind',
    text: `SELECT p.state::text AS state FROM payment_keys k
           JOIN payments p ON p.workspace_id = k.workspace_id AND p.payment_id = k.payment_id
           WHERE k.workspace_id = $1 AND k.livemode = $2 AND k.key = $3`,
    values: [workspace, livemode, moneyKey],
  });
  return rows[0]?.state ?? null;
}

/** The states of the payments that these money keys lead to, by key; keys nobody heard of are left out. */
export async function statesBehind(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  moneyKeys: readonly string[],
): Promise<{ key: string; state: string }[]> {
  const { rows } = await tx.query<{ key: string; state: string }>({
    name: 'states_behind',
    text: `SELECT k.key, p.state::text AS state FROM payment_keys k
           JOIN payments p ON p.workspace_id = k.workspace_id AND p.payment_id = k.payment_id
           WHERE k.workspace_id = $1 AND k.livemode = $2 AND k.key = ANY ($3::text[])`,
    values: [workspace, livemode, moneyKeys],
  });
  return rows;
}

/** Whether anything has said what this price or promotion code is. */
export async function isInCatalogue(tx: Tx, workspace: string, livemode: boolean, key: string): Promise<boolean> {
  const { rows } = await tx.query({
    name: 'is_in_catalogue',
    text: `SELECT 1 FROM prices WHERE workspace_id = $1 AND livemode = $2 AND price_key = $3
             AND state -> 'stamp' ->> 'at' IS NOT NULL`,
    values: [workspace, livemode, key],
  });
  return rows.length > 0;
}
