/** What fits a question, and what is still to be answered. */
import { refuse, type FieldProblem, type Refusal } from './refusals.ts';

export const QUESTION_TYPES = ['single_choice', 'multiple_choice', 'text_input', 'textarea'] as const;
export type QuestionType = (typeof QUESTION_TYPES)[number];

export type Question = {
  readonly id: string;
  readonly question: string;
  readonly type: QuestionType;
  readonly isRequired: boolean;
  /** Of a choice; empty: the answer is free. */
  readonly options: readonly string[];
  readonly order: number;
};

/** A text; of a `multiple_choice` a list of texts. */
export type GivenAnswer = string | readonly string[];

/** What was said to a question. Blank text, an empty list and null say nothing: the question has no answer then. */
export type Response = { readonly questionId: string; readonly answer: GivenAnswer | null };

/** Whether it leaves its question without an answer. */
export function isBlank(answer: GivenAnswer | null): boolean {
  return [answer ?? []].flat().every((one) => one.trim() === '');
}

/** null: every response is to a question that is asked, and of its kind. Which options there are is not looked at. */
export function misfitOf(questions: readonly Question[], responses: readonly Response[]): Refusal | null {
  const known = new Map(questions.map((question) => [question.id, question]));
  const details = responses.flatMap(({ questionId, answer }, at): FieldProblem[] => {
    const question = known.get(questionId);
    if (!question) return [{ field: `responses.${at}.question_id`, message: 'is no question of the onboarding form' }];
    const isList = question.type === 'multiple_choice';
    if (isBlank(answer) || Array.isArray(answer) === isList) return [];
    const message = `must be ${isList ? 'a list of texts' : 'a text'}, because the question is ${question.type}`;
    return [{ field: `responses.${at}.answer`, message }];
  });
  const [first] = details;
  if (!first) return null;
  return refuse('invalid_input', `${first.field} ${first.message}`, { field: 'responses', details });
}

/** null: every required question has an answer. */
export function incompleteness(questions: readonly Question[], answered: ReadonlySet<string>): Refusal | null {
  const missing = questions.filter(({ id, isRequired }) => isRequired && !answered.has(id));
  if (missing.length === 0) return null;
  const details = missing.map(({ id, question }) => ({ field: id, message: `needs an answer: ${question}` }));
  const counted = missing.length === 1 ? '1 required question has' : `${missing.length} required questions have`;
  return refuse('invalid_input', `${counted} no answer yet: answer what is missing first.`, {
    field: 'responses',
    details,
    missing: missing.map(({ id }) => id),
  });
}
