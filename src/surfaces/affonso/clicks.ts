/** Clicks told by a backend: the request is camelCase, the reply snake_case (apis.md 2.2). */
import { z } from 'zod';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { Reply, Route } from '../surface.ts';
import { optionalId, optionalMoment, optionalText, text } from './inputs.ts';
import { route } from '../route.ts';
import { answered, dataAnswer, done } from './shapes.ts';

/** What a click may carry besides whose link it was, with the longest text of each; kept as given. */
const LONGEST: Readonly<Record<string, number>> = {
  sub1: 255,
  sub2: 255,
  sub3: 255,
  sub4: 255,
  sub5: 255,
  referrer: 2000,
  ip: 45,
  userAgent: 1000,
  utmSource: 255,
  utmMedium: 255,
  utmCampaign: 255,
  utmTerm: 255,
  utmContent: 255,
  gclid: 255,
  fbclid: 255,
  msclkid: 255,
  ttclid: 255,
};

const named = z.object({
  trackingId: text(100).meta({ description: 'The tracking_id of the affiliate, in any case.', examples: ['jane'] }),
  programId: optionalId.describe('Default: the program of the affiliate.'),
  createdAt: optionalMoment.describe('Default: now.'),
});
const details = z.object(Object.fromEntries(Object.entries(LONGEST).map(([name, most]) => [name, optionalText(most)])));
const click = z.intersection(named, details).transform(({ trackingId, programId, createdAt, ...rest }) => ({
  // Tracking ids are lower case; a link that was typed is not always.
  trackingId: trackingId.toLowerCase(),
  programId,
  createdAt,
  details: Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  ),
}));

const clickAnswer = z.object({
  id: answered.id.describe('The click id, which is also the id of the referral it may become.'),
  tracking_id: z.string(),
  program_id: answered.id,
  created_at: answered.moment,
});

const clicked = route<z.infer<typeof click>>({
  method: 'POST',
  path: '/v1/clicks',
  summary: 'Records a click on the link of an affiliate; its id credits what follows.',
  answers: { 201: dataAnswer(clickAnswer) },
  scope: 'create:clicks',
  body: click,
  async run({ body, caller }, desk): Promise<Reply | Refusal> {
    const made = await desk.click(caller, body);
    if (isRefusal(made)) return made;
    return done(
      {
        id: made.id,
        tracking_id: made.trackingId,
        program_id: made.programId,
        created_at: toIso(made.createdAt),
      },
      201,
    );
  },
});

export const clickRoutes: readonly Route[] = [clicked];
