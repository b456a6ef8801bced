/** What an affiliate answered to the onboarding form (apis.md 2.2). */
import { z } from 'zod';
import type { Onboarding } from '../../core/onboarding-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { Reply, Route } from '../surface.ts';
import { text } from './inputs.ts';
import { questionFields, questionShape } from './onboarding.ts';
import { route } from '../route.ts';
import { answered, dataAnswer, done, isoOrNull } from './shapes.ts';

const PATH = '/v1/affiliates/:id/onboarding-responses';
const MOST = 'must have at most 100 members';

const words = z
  .string({ error: 'must be a string' })
  .max(10_000, 'must be at most 10000 characters')
  .describe('A text.');
const list = z
  .array(z.string({ error: 'must be a string' }).max(255, 'must be at most 255 characters'))
  .max(100, MOST)
  .describe('Of multiple_choice.');

const response = z.object(
  {
    question_id: text(255).meta({ examples: ['onbq_…'] }),
    answer: z
      .union([words, list], { error: 'must be a text, a list of texts, or null' })
      .nullable()
      .describe('A text; of multiple_choice a list of texts. Blank or null: the answer there is goes away.'),
  },
  { error: 'must be an object with question_id and answer' },
);

const responses = z
  .array(response, { error: 'must be a list of answers' })
  .max(100, MOST)
  .superRefine((all, context) => {
    const seen = new Set<string>();
    for (const [at, { question_id: id }] of all.entries()) {
      if (seen.has(id)) context.addIssue({ code: 'custom', path: [at, 'question_id'], message: 'comes twice' });
      seen.add(id);
    }
  });

const submission = z
  .object({
    responses: responses.describe('May be empty with mark_complete.'),
    mark_complete: z
      .boolean({ error: 'must be true or false' })
      .nullish()
      .describe('The affiliate is done: every required question must have an answer then.'),
  })
  .refine(({ responses: all, mark_complete: isComplete }) => all.length > 0 || isComplete === true, {
    path: ['responses'],
    message: 'must have at least one member, unless mark_complete is true',
  });

export const onboardingAnswer = z
  .object({
    form_id: answered.id,
    form_name: z.string(),
    form_description: z.string().nullable(),
    completed_at: answered.moment.nullable().describe('When it was marked complete first.'),
    questions: z.array(
      z.object({
        ...questionFields,
        answer: z
          .union([z.string(), z.array(z.string())])
          .nullable()
          .describe('null: none yet.'),
      }),
    ),
  })
  .meta({ id: 'OnboardingResponses' });

export function onboardingShape({ form, completedAt, answers }: Onboarding): Record<string, unknown> {
  return {
    form_id: form.id,
    form_name: form.name,
    form_description: form.description,
    completed_at: isoOrNull(completedAt),
    questions: form.questions.map((one) => ({ ...questionShape(one), answer: answers.get(one.id) ?? null })),
  };
}

const show = route({
  method: 'GET',
  path: PATH,
  summary: 'The onboarding form with the answers of one affiliate.',
  answers: { 200: dataAnswer(onboardingAnswer) },
  scope: 'read:affiliates',
  async run({ caller, params }, desk): Promise<Reply | Refusal> {
    const found = await desk.onboarding(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(onboardingShape(found));
  },
});

const submit = route<z.infer<typeof submission>>({
  method: 'POST',
  path: PATH,
  summary: 'Keeps answers of an affiliate, each in place of an earlier one, and may mark the onboarding complete.',
  answers: { 200: dataAnswer(onboardingAnswer) },
  scope: 'write:affiliates',
  body: submission,
  async run({ caller, params, body }, desk): Promise<Reply | Refusal> {
    const kept = await desk.answerOnboarding(caller, params['id'] ?? '', {
      responses: body.responses.map(({ question_id: questionId, answer }) => ({ questionId, answer })),
      complete: body.mark_complete ?? false,
    });
    return isRefusal(kept) ? kept : done(onboardingShape(kept));
  },
});

export const onboardingResponseRoutes: readonly Route[] = [show, submit];
