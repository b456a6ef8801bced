/** Clicks, leads, sales and their refunds, told by a backend (apis.md 1.3). */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { newSale } from '../../core/sale-request.ts';
import type { KnownBy } from '../../core/visits.ts';
import type { Reply, Route } from '../surface.ts';
import { shownId } from './ids.ts';
import { amount, currency, minorOf, optionalFlag, optionalId, requiredId, visited } from './inputs.ts';
import { route } from '../route.ts';
import { addressIn } from '../texts.ts';
import { done } from './replies.ts';

const NAME = 'affixo';

/** How sure a visitor is who they are taken for. Only that of a cookie is published. */
const CONFIDENCE: Readonly<Record<KnownBy, number>> = { cookie: 1, fingerprint: 0.8, new: 1 };

const click = z.object({
  ref: requiredId.meta({
    description: 'The ref_param of a link, or the ref_code of an affiliate.',
    examples: ['jane'],
  }),
  visitor_id: optionalId.describe('What an earlier answer gave this visitor.'),
  fingerprint: optionalId.describe('Tells the visitor when no visitor_id does.'),
  url: visited.describe('Where they arrived.'),
  referrer: visited.describe('Where they came from.'),
});

const conversion = {
  visitor_id: optionalId.meta({
    description: 'Whose click is credited. Where this, fingerprint and ref lead to nobody, nobody is credited.',
    examples: ['0190a1c2-7d3e-7000-8000-000000000002'],
  }),
  fingerprint: optionalId.describe('Tells the visitor when no visitor_id does.'),
  ref: optionalId.describe('In which campaign the click is looked for; alone, the link that is credited.'),
  external_id: optionalId.meta({
    description: 'Your own id, such as an order number: repeated, the first answer is given again. May be a Stripe id.',
    examples: ['order_1'],
  }),
  is_test: optionalFlag.describe('Test money, whatever the key.'),
  url: visited,
  referrer: visited,
};

/** Not documented, but sent by clients; what does not look like an e-mail is ignored like every unknown field. */
const email: z.ZodType<string | null> = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' ? addressIn(value) : null));

const lead = z.object({
  ...conversion,
  email: email.meta({ type: ['string', 'null'], description: 'Stripe payments with it are credited to this lead.' }),
});
const sale = z.object({ ...conversion, amount, currency });
const refund = z.object({
  external_id: requiredId.meta({ description: 'What the sale was told under.', examples: ['order_1'] }),
});

const ok = z.literal(true);

const clickResult = z.object({
  ok,
  visitor_id: z.string().describe('Keep it, and send it with what the visitor does later.'),
  match_method: z
    .string()
    .meta({ description: 'How the visitor was known.', examples: ['cookie', 'fingerprint', 'new'] }),
  match_confidence: z.number().min(0).max(1),
});

const conversionResult = z.union([
  z.object({ ok, attributed: z.literal(true), conversion_id: z.string() }),
  z.object({ ok, attributed: z.literal(false), visitor_id: z.string() }),
]);

const refundResult = z.object({ ok, conversion_id: z.string() });

type Conversion = z.infer<typeof lead> | z.infer<typeof sale>;

/** What is told as a test belongs to the test world, whatever the key. */
const worldOf = (caller: Caller, isTest: boolean): Caller => (isTest ? { ...caller, livemode: false } : caller);

function recognized(kind: string, body: Conversion, caller: Caller, desk: Desk): ReturnType<Desk['recognize']> {
  const { visitor_id: visitorId, fingerprint, ref: code, external_id: externalId } = body;
  const once = externalId === null ? null : `${kind}:${caller.livemode}:${externalId}`;
  return desk.recognize(caller, { visitorId, fingerprint, code }, once);
}

const attributed = (id: string): Reply => done({ ok: true, attributed: true, conversion_id: shownId(id) });
const unattributed = (visitorId: string): Reply => done({ ok: true, attributed: false, visitor_id: visitorId });

function given(fields: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null));
}

const clicked = route<z.infer<typeof click>>({
  method: 'POST',
  path: '/v1/track/click',
  summary: 'Records a click on a link.',
  answers: { 200: clickResult },
  scope: 'track',
  body: click,
  async run({ body, caller }, desk): Promise<Reply | Refusal> {
    const { ref: code, visitor_id, fingerprint, url, referrer } = body;
    const details = given({ url, referrer });
    const made = await desk.visit(caller, { code, visitorId: visitor_id, fingerprint, details });
    if (isRefusal(made)) return { ...made, field: 'ref' };
    const { visitorId, knownBy } = made;
    return done({
      ok: true,
      visitor_id: visitorId,
      match_method: knownBy,
      match_confidence: CONFIDENCE[knownBy],
    });
  },
});

/** Nobody can be told that a sale failed for whom it credits, or that Stripe says it is not paid: it credits nobody yet. */
function creditsNobody({ refused, field }: Refusal): boolean {
  return refused === 'referral_not_found' || (refused === 'invalid_input' && field === 'external_event_id');
}

const sold = route<z.infer<typeof sale>>({
  method: 'POST',
  path: '/v1/track/sale',
  summary: 'Records a sale and credits whoever sent the visitor; an external_id counts once.',
  answers: { 200: conversionResult },
  scope: 'track',
  body: sale,
  async run({ body, raw, caller }, desk): Promise<Reply | Refusal> {
    const minor = minorOf(body.amount, body.currency);
    if (isRefusal(minor)) return minor;
    const world = worldOf(caller, body.is_test);
    const { clickId, visitorId } = await recognized('sale', body, world, desk);
    const told = newSale({
      dialect: NAME,
      externalEventId: body.external_id,
      firstWins: true,
      clickId,
      amount: minor,
      currency: body.currency,
      metadata: given({ url: body.url, referrer: body.referrer }),
      body: raw,
    });
    const answer = await desk.sell(world, told);
    if (isRefusal(answer)) return creditsNobody(answer) ? unattributed(visitorId) : answer;
    const { id, affiliateId } = answer.conversion;
    return affiliateId === null ? unattributed(visitorId) : attributed(id);
  },
});

const led = route<z.infer<typeof lead>>({
  method: 'POST',
  path: '/v1/track/lead',
  summary: 'Records a sign-up; an external_id counts once.',
  answers: { 200: conversionResult },
  scope: 'track',
  body: lead,
  async run({ body, raw, caller }, desk): Promise<Reply | Refusal> {
    const world = worldOf(caller, body.is_test);
    const { clickId, visitorId } = await recognized('lead', body, world, desk);
    // Without a click only a replay is known, and answered as before.
    const signup = {
      dialect: NAME,
      clickId: clickId ?? '',
      email: body.email,
      externalUserId: null,
      name: null,
      externalEventId: body.external_id,
      leavesClick: !world.livemode,
      body: raw,
    };
    const first = await desk.signUp(world, signup);
    const taken = isRefusal(first) && first.refused === 'already_exists';
    // Their e-mail is another referral's: the lead counts, the e-mail stays where it is.
    const answer = taken ? await desk.signUp(world, { ...signup, email: null }) : first;
    if (!isRefusal(answer)) return attributed(answer.referral.id);
    return answer.refused === 'not_found' ? unattributed(visitorId) : answer;
  },
});

/** A live key reaches the live sale of this id, else the one that was told as a test. */
async function saleOf(caller: Caller, externalId: string, desk: Desk) {
  const found = await desk.saleTold(caller, NAME, externalId);
  if (!isRefusal(found) || !caller.livemode) return { world: caller, found };
  const world = worldOf(caller, true);
  return { world, found: await desk.saleTold(world, NAME, externalId) };
}

const reversed = route<z.infer<typeof refund>>({
  method: 'POST',
  path: '/v1/track/refund',
  summary: 'Takes a sale back, all of it.',
  answers: { 200: refundResult },
  scope: 'track',
  body: refund,
  async run({ body, raw, caller }, desk): Promise<Reply | Refusal> {
    const externalId = body.external_id;
    const { world, found } = await saleOf(caller, externalId, desk);
    if (isRefusal(found))
      return refuse('not_found', `No conversion was told as "${externalId}".`, { field: 'external_id' });
    const answer = await desk.refund(world, {
      dialect: NAME,
      conversionId: found.id,
      amount: null,
      currency: null,
      reason: null,
      externalEventId: `refund:${externalId}`,
      refundedAt: null,
      body: raw,
    });
    // Everything went back before, by whatever way: that is what was asked for.
    if (isRefusal(answer) && answer.refused !== 'nothing_to_refund') return answer;
    return done({ ok: true, conversion_id: shownId(found.id) });
  },
});

export const trackingRoutes: readonly Route[] = [clicked, led, sold, reversed];
