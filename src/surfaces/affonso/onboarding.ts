/** The form that affiliates fill in when they join: a workspace has one (apis.md 2.2). */
import { z } from 'zod';
import type { FormView, QuestionInput } from '../../core/onboarding-desk.ts';
import { QUESTION_TYPES, type Question } from '../../core/onboarding.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { Reply, Route } from '../surface.ts';
import { optionalId, text } from './inputs.ts';
import { route } from '../route.ts';
import { clearableText } from './sections.ts';
import { answered, dataAnswer, deleted, deletedAnswer, done } from './shapes.ts';

const PATH = '/v1/onboarding-form';
const ORDER = 'must be a whole number from 0 to 1000000';
const CHOICES: readonly string[] = ['single_choice', 'multiple_choice'];

const question = z
  .object(
    {
      id: optionalId.describe('In a change: the question that changes. Left out: a new one.'),
      question: text(1_000).meta({ examples: ['Which channels will you use?'] }),
      type: z.enum(QUESTION_TYPES, { error: `must be one of ${QUESTION_TYPES.join(', ')}` }),
      is_required: z.boolean({ error: 'must be true or false' }).nullish().describe('Default: false.'),
      options: z
        .array(text(255), { error: 'must be a list of strings' })
        .max(100, 'must have at most 100 members')
        .nullish()
        .describe('What to choose from; needed for the types of choice, of no account for others.'),
      order: z.int({ error: ORDER }).min(0, ORDER).max(1_000_000, ORDER).describe('Lowest first.'),
    },
    { error: 'must be an object with question, type and order' },
  )
  .refine(({ type, options }) => !CHOICES.includes(type) || (options ?? []).length > 0, {
    path: ['options'],
    message: 'must have at least one member, because the question is a choice',
  });

const questions = z
  .array(question, { error: 'must be a list of questions' })
  .min(1, 'must have at least one member')
  .max(50, 'must have at most 50 members')
  .superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [at, { id }] of list.entries()) {
      if (id !== null && seen.has(id)) context.addIssue({ code: 'custom', path: [at, 'id'], message: 'comes twice' });
      if (id !== null) seen.add(id);
    }
  });

const newForm = z.object({
  name: text(200).meta({ examples: ['Tell us about you'] }),
  description: clearableText(1_000).input,
  questions,
});

const changes = z
  .object({
    name: text(200).nullish(),
    description: clearableText(1_000).input.describe('null clears it.'),
    questions: questions.nullish().describe('Take the place of those there are; answers stay.'),
  })
  .refine(
    ({ name, description, questions: list }) => name != null || description !== undefined || list != null,
    'must have at least one of name, description and questions',
  );

function questionsOf(list: z.infer<typeof questions>): readonly QuestionInput[] {
  return list.map((one) => ({
    id: one.id,
    question: one.question,
    type: one.type,
    isRequired: one.is_required ?? false,
    options: CHOICES.includes(one.type) ? (one.options ?? []) : [],
    order: one.order,
  }));
}

/** A question as it is shown in the form, and in the answers to it. */
export const questionFields = {
  id: answered.id,
  question: z.string(),
  type: z.enum(QUESTION_TYPES),
  is_required: z.boolean(),
  options: z.array(z.string()),
  order: z.int(),
};

export function questionShape(one: Question): Record<string, unknown> {
  return {
    id: one.id,
    question: one.question,
    type: one.type,
    is_required: one.isRequired,
    options: one.options,
    order: one.order,
  };
}

const formAnswer = z
  .object({
    id: answered.id,
    name: z.string(),
    description: z.string().nullable(),
    created_at: answered.moment,
    updated_at: answered.moment,
    questions: z.array(z.object(questionFields)),
  })
  .meta({ id: 'OnboardingForm' });

function formShape(form: FormView): Record<string, unknown> {
  return {
    id: form.id,
    name: form.name,
    description: form.description,
    created_at: toIso(form.createdAt),
    updated_at: toIso(form.updatedAt),
    questions: form.questions.map(questionShape),
  };
}

const show = route({
  method: 'GET',
  path: PATH,
  summary: 'The onboarding form, with the questions that are asked.',
  answers: { 200: dataAnswer(formAnswer) },
  scope: 'read:program',
  async run({ caller }, desk): Promise<Reply | Refusal> {
    const form = await desk.onboardingForm(caller);
    return isRefusal(form) ? form : done(formShape(form));
  },
});

const create = route<z.infer<typeof newForm>>({
  method: 'POST',
  path: PATH,
  summary: 'Makes the onboarding form, where there is none yet.',
  answers: { 201: dataAnswer(formAnswer) },
  scope: 'write:program',
  body: newForm,
  async run({ caller, body }, desk): Promise<Reply | Refusal> {
    const { name, description } = body;
    const input = { name, description: description ?? null, questions: questionsOf(body.questions) };
    const made = await desk.createOnboardingForm(caller, input);
    return isRefusal(made) ? made : done(formShape(made), 201);
  },
});

const change = route<z.infer<typeof changes>>({
  method: 'PATCH',
  path: PATH,
  summary: 'Changes what is sent of the onboarding form; questions that are sent take the place of all.',
  answers: { 200: dataAnswer(formAnswer) },
  scope: 'write:program',
  body: changes,
  async run({ caller, body }, desk): Promise<Reply | Refusal> {
    const { name, description, questions: list } = body;
    const changed = await desk.updateOnboardingForm(caller, {
      ...(name == null ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(list == null ? {} : { questions: questionsOf(list) }),
    });
    return isRefusal(changed) ? changed : done(formShape(changed));
  },
});

const remove = route({
  method: 'DELETE',
  path: PATH,
  summary: 'Deletes the onboarding form with its questions and all answers to them.',
  answers: { 200: deletedAnswer },
  scope: 'delete:program',
  async run({ caller }, desk): Promise<Reply | Refusal> {
    const gone = await desk.deleteOnboardingForm(caller);
    return isRefusal(gone) ? gone : deleted('The onboarding form was deleted, with all answers to it.');
  },
});

export const onboardingRoutes: readonly Route[] = [show, create, change, remove];
