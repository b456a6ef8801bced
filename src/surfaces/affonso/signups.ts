/** Sign-ups: 201 the first time, 200 when repeated (apis.md 2.2). */
import { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { Reply, Route } from '../surface.ts';
import { optionalId, optionalText, text } from './inputs.ts';
import { route } from '../route.ts';
import { dataAnswer, done, referralAnswer, referralShape } from './shapes.ts';

/** An e-mail address as far as it matters here: something on both sides of one @, at most 254 characters. */
const email = optionalText(254).refine(
  (value) => value === null || /^[^\s@]+@[^\s@]+$/.test(value),
  'must be an e-mail address',
);

const signup = z.object({
  click_id: text(255).meta({ examples: ['ref_…'] }),
  email: email.meta({
    description: 'One of email and external_user_id is needed. Stripe payments with it are credited.',
    examples: ['buyer@example.com'],
  }),
  external_user_id: optionalId.describe('The user id of your app.'),
  name: optionalText(255),
});

const signedUp = route<z.infer<typeof signup>>({
  method: 'POST',
  path: '/v1/signups',
  summary: 'Turns a click into a lead.',
  answers: { 200: dataAnswer(referralAnswer), 201: dataAnswer(referralAnswer) },
  scope: 'write:referrals',
  body: signup,
  async run({ body, raw, caller }, desk): Promise<Reply | Refusal> {
    const { click_id: clickId, external_user_id: externalUserId, name } = body;
    if (body.email === null && externalUserId === null)
      return refuse('missing_identifier', 'Send email or external_user_id.', { field: 'email' });
    const request = {
      dialect: 'affonso',
      clickId,
      email: body.email?.trim() ?? null,
      externalUserId,
      name,
      body: raw,
    };
    const answer = await desk.signUp(caller, request);
    return isRefusal(answer) ? answer : done(referralShape(answer.referral), answer.replayed ? 200 : 201);
  },
});

export const signupRoutes: readonly Route[] = [signedUp];
