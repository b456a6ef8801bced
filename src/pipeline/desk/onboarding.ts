/** The onboarding form and its answers at the desk. */
import type { Caller } from '../../core/desk.ts';
import type { FormInput, FormView, Onboarding, OnboardingDesk, QuestionInput } from '../../core/onboarding-desk.ts';
import { incompleteness, isBlank, misfitOf, type Question } from '../../core/onboarding.ts';
import { refuse, type FieldProblem, type Refusal } from '../../core/refusals.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import {
  answeredBy,
  completeOnboarding,
  lockAnswering,
  markOnboarded,
  putAnswers,
} from '../../store/onboarding-answers.ts';
import { deleteForm, findForm, findFormHead, insertForm, knownQuestions } from '../../store/onboarding.ts';
import { putQuestions, updateForm } from '../../store/onboarding.ts';
import { inSnapshot, inTransaction } from '../../store/transaction.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { noAffiliate } from './affiliates.ts';

export function onboardingDesk(work: Clockwork): OnboardingDesk {
  const { database } = work;
  return {
    onboardingForm: async ({ workspace }) =>
      (await inSnapshot(database, workspace, (tx) => findForm(tx, workspace))) ?? noForm(),
    createOnboardingForm: (caller, input) => create(work, caller, input),
    updateOnboardingForm: (caller, changes) => update(work, caller, changes),
    deleteOnboardingForm: ({ workspace }) =>
      inTransaction(database, workspace, async (tx) => {
        if (!(await findFormHead(tx, workspace, 'UPDATE'))) return noForm();
        await deleteForm(tx, workspace);
        return { deleted: true };
      }),
    onboarding: ({ workspace }, id) =>
      inSnapshot(database, workspace, async (tx) => {
        if (!(await findAffiliate(tx, workspace, id))) return noAffiliate(id);
        return (await onboardings(tx, workspace, [id]))?.get(id) ?? noForm();
      }),
    onboardings: ({ workspace }, ids) => inSnapshot(database, workspace, (tx) => onboardings(tx, workspace, ids)),
    answerOnboarding: (caller, id, said) => answer(work, caller, id, said),
  };
}

function noForm(): Refusal {
  return refuse('not_found', 'There is no onboarding form yet. Make one with POST /v1/onboarding-form.');
}

function asked(work: Clockwork, questions: readonly QuestionInput[]): Question[] {
  return questions
    .map((one) => ({ ...one, id: one.id ?? work.newId('onbq') }))
    .toSorted((one, other) => one.order - other.order);
}

function create(work: Clockwork, { workspace }: Caller, input: FormInput): Promise<FormView | Refusal> {
  const at = work.now();
  const { name, description } = input;
  const head = { id: work.newId('onbform'), name, description, createdAt: at, updatedAt: at };
  const questions = asked(
    work,
    input.questions.map((one) => ({ ...one, id: null })),
  );
  return inTransaction(work.database, workspace, async (tx) => {
    if (!(await insertForm(tx, workspace, head)))
      return refuse('already_exists', 'There is an onboarding form already. Change it with PATCH /v1/onboarding-form.');
    await putQuestions(tx, workspace, questions, at);
    return { ...head, questions };
  });
}

function update(
  work: Clockwork,
  { workspace }: Caller,
  { questions, ...changes }: Partial<FormInput>,
): Promise<FormView | Refusal> {
  const at = work.now();
  return inTransaction(work.database, workspace, async (tx) => {
    const known = await findForm(tx, workspace, 'UPDATE');
    if (!known) return noForm();
    const strange = await strangers(tx, workspace, questions ?? []);
    if (strange) return strange;
    const changed = { ...known, ...changes, updatedAt: at };
    await updateForm(tx, workspace, changed);
    if (questions === undefined) return changed;
    const wanted = asked(work, questions);
    await putQuestions(tx, workspace, wanted, at);
    return { ...changed, questions: wanted };
  });
}

/** null: every id that was sent is a question of the form. */
async function strangers(tx: Tx, workspace: string, questions: readonly QuestionInput[]): Promise<Refusal | null> {
  const ids = questions.flatMap(({ id }) => id ?? []);
  const known = await knownQuestions(tx, workspace, ids);
  const details = questions.flatMap(({ id }, at): FieldProblem[] =>
    id === null || known.has(id)
      ? []
      : [{ field: `questions.${at}.id`, message: 'is no question of the onboarding form; leave it out for a new one' }],
  );
  const [first] = details;
  if (!first) return null;
  return refuse('invalid_input', `${first.field} ${first.message}`, { field: 'questions', details });
}

/** null: there is no form. */
async function onboardings(
  tx: Tx,
  workspace: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Onboarding> | null> {
  const form = await findForm(tx, workspace);
  if (!form) return null;
  const answered = await answeredBy(tx, workspace, ids);
  return new Map([...answered].map(([id, given]) => [id, { form, ...given }]));
}

function answer(
  work: Clockwork,
  { workspace }: Caller,
  id: string,
  said: Parameters<OnboardingDesk['answerOnboarding']>[2],
): Promise<Onboarding | Refusal> {
  const at = work.now();
  const { complete } = said;
  const responses = said.responses.map((one) => (isBlank(one.answer) ? { ...one, answer: null } : one));
  return inTransaction(work.database, workspace, async (tx) => {
    // The form before the affiliate, as whoever deletes it does.
    const form = await findForm(tx, workspace, 'SHARE');
    // One after the other, in whatever order they name questions: what is said to stand does.
    if (!(await lockAnswering(tx, workspace, id))) return noAffiliate(id);
    if (!form) return noForm();
    const misfit = misfitOf(form.questions, responses);
    if (misfit) return misfit;
    const known = (await answeredBy(tx, workspace, [id])).get(id);
    const answers = new Map(known?.answers);
    for (const { questionId, answer: given } of responses)
      if (given === null) answers.delete(questionId);
      else answers.set(questionId, given);
    const missing = complete ? incompleteness(form.questions, new Set(answers.keys())) : null;
    if (missing) return missing;
    await putAnswers(tx, workspace, id, responses, at);
    const completedAt = known?.completedAt ?? null;
    if (!complete) return { form, completedAt, answers };
    await completeOnboarding(tx, workspace, id, at);
    await markOnboarded(tx, workspace, id);
    return { form, completedAt: completedAt ?? at, answers };
  });
}
