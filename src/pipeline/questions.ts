/**
 * Questions: what decisions miss and an API could tell. They are written with the decision that misses it; `ask.ts` asks
 * them later, and what it came to is written with the answer.
 */
import type { Book } from '../core/book.ts';
import type { Decision } from '../core/decide.ts';
import type { Question } from '../core/questions.ts';
import { scopeOf } from '../core/scope.ts';
import type { OpenQuestion, QuestionEnd } from '../store/questions.ts';
import type { Clockwork } from './clockwork.ts';
import { iso, push, type Draft } from './sheet.ts';

/** A question that the batch at hand brings the answer to. */
export type AskedQuestion = Pick<OpenQuestion, 'scope' | 'question'> & { readonly end: QuestionEnd };

/** The webhook usually tells which invoice a payment belongs to, some seconds later; nothing tells the others. */
const FIRST_AFTER_MS: Partial<Record<Question['kind'], number>> = { invoice_payments: 20_000 };
const SOON_MS = 3_000;

const nameOf = (scope: string, { kind, id }: Question): string => `${scope}\n${kind}\n${id}`;

/** Drafts the questions of the payments written in this batch, and what those that were asked came to. */
export function draftQuestions(
  draft: Draft,
  work: Pick<Clockwork, 'canAsk'>,
  book: Book,
  decisions: ReadonlyMap<string, Decision>,
  written: ReadonlySet<string>,
  asked: readonly AskedQuestion[],
): void {
  const { workspace, livemode, now } = draft.scope;
  // A question that is being answered is not opened again by the decision that its answer leads to.
  const drafted = new Set<string>();
  for (const { scope, question, end } of asked) {
    drafted.add(nameOf(scope, question));
    const answeredAt = end.state === 'answered' ? end.askedAt : null;
    push(draft.rows, 'questions_asked', [
      workspace,
      livemode,
      scope,
      question.kind,
      question.id,
      end.state,
      momentOf(end.runAt),
      end.reason,
      momentOf(end.askedAt),
      momentOf(answeredAt),
    ]);
  }
  for (const id of written) {
    const scope = scopeOfPayment(book, id);
    if (work.canAsk?.(workspace, livemode, scope) !== true) continue;
    for (const question of decisions.get(id)?.asks ?? []) {
      const name = nameOf(scope, question);
      if (drafted.has(name)) continue;
      drafted.add(name);
      const runAt = now + (FIRST_AFTER_MS[question.kind] ?? SOON_MS);
      push(draft.rows, 'questions', [workspace, livemode, scope, question.kind, question.id, 'open', iso(runAt)]);
    }
  }
}

const momentOf = (moment: number | null): string | null => (moment === null ? null : iso(moment));

/** The account a payment was made in: its keys carry it, but for those of the workspace's own account. */
function scopeOfPayment(book: Book, id: string): string {
  const keys = book.payments.get(id)?.keys ?? [];
  return keys.map(scopeOf).find((scope) => scope !== '') ?? '';
}
