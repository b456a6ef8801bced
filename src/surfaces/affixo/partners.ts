/** Affiliates and their links (apis.md 1.3). */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { AffiliateView } from '../../core/views.ts';
import type { Reply, Route } from '../surface.ts';
import { ownId } from './ids.ts';
import {
  affiliateQuery,
  creditedQuery,
  optionalId,
  optionalUrl,
  pagingOf,
  requiredId,
  type AffiliateQuery,
  type CreditedQuery,
} from './inputs.ts';
import { route } from '../route.ts';
import { done, listAnswer, listed, objectAnswer } from './replies.ts';
import { affiliateAnswer, affiliateShape, linkAnswer, linkShape } from './shapes.ts';

const affiliate = z.object({
  email: optionalId
    .refine((value) => value === null || z.email().safeParse(value.trim()).success, 'must be an e-mail address')
    .meta({ examples: ['jane@example.com'] }),
  name: optionalId.describe('Default: what stands before the @ of the e-mail. One of email and name is needed.'),
  ref_code: optionalId.describe('Kept in lower case; made when absent, a variant when taken.'),
});

const link = z.object({
  affiliate_id: requiredId.meta({ examples: ['0190a1c2-7d3e-7000-8000-000000000001'] }),
  destination_url: optionalUrl.describe('Where the link leads.'),
  ref_param: optionalId.describe('The code in its URL; made when absent, a variant when taken.'),
  campaign_id: optionalId.describe('Default: the program of the affiliate.'),
});

type NewAffiliate = Parameters<Desk['createAffiliate']>[1];

const MOST_VARIANTS = 50;

const isTaken = (made: AffiliateView | Refusal): boolean => isRefusal(made) && made.refused === 'already_exists';

/** A code that is taken is no error in this dialect: a variant is made, so clients read it back. */
async function created(caller: Caller, input: NewAffiliate, desk: Desk): Promise<AffiliateView | Refusal> {
  const { trackingId } = input;
  let made = await desk.createAffiliate(caller, input);
  for (let variant = 2; variant <= MOST_VARIANTS && trackingId !== undefined; variant += 1) {
    if (!isTaken(made)) break;
    made = await desk.createAffiliate(caller, { ...input, trackingId: `${trackingId}-${variant}` });
  }
  if (!isTaken(made)) return made;
  // So many want this code that one is made of the name.
  const { trackingId: _, ...rest } = input;
  return desk.createAffiliate(caller, rest);
}

const create = route<z.infer<typeof affiliate>>({
  method: 'POST',
  path: '/v1/affiliates',
  summary: 'Creates an affiliate; a known e-mail is answered with its affiliate.',
  answers: { 201: objectAnswer('affiliate', affiliateAnswer) },
  scope: 'write',
  body: affiliate,
  async run({ body, caller }, desk): Promise<Reply | Refusal> {
    const email = body.email?.trim() ?? '';
    const name = body.name?.trim() ?? email.split('@')[0] ?? '';
    if (name === '') return refuse('missing_identifier', 'Send email or name.');
    // Codes of affiliates are lower case; a link that carries one may be typed in any.
    const trackingId = body.ref_code?.trim().toLowerCase();
    const code = trackingId === undefined ? {} : { trackingId };
    const made = await created(caller, { email, name, status: 'pending', ...code }, desk);
    return isRefusal(made) ? made : done({ object: 'affiliate', data: affiliateShape(made) }, 201);
  },
});

const show = route({
  method: 'GET',
  path: '/v1/affiliates/:id',
  summary: 'One affiliate.',
  answers: { 200: objectAnswer('affiliate', affiliateAnswer) },
  scope: 'read',
  async run({ params, caller }, desk): Promise<Reply | Refusal> {
    const found = await desk.affiliate(caller, ownId('aff', params['id'] ?? ''));
    return isRefusal(found) ? found : done({ object: 'affiliate', data: affiliateShape(found) });
  },
});

const list = route<unknown, AffiliateQuery>({
  method: 'GET',
  path: '/v1/affiliates',
  summary: 'Affiliates, newest first.',
  answers: { 200: listAnswer(affiliateAnswer) },
  scope: 'read',
  query: affiliateQuery,
  async run({ query, caller }, desk): Promise<Reply> {
    const filter = { ...pagingOf(query), status: query.status, search: query.q };
    return listed((await desk.affiliates(caller, filter)).rows, affiliateShape);
  },
});

const createLink = route<z.infer<typeof link>>({
  method: 'POST',
  path: '/v1/links',
  summary: 'Creates a link for an affiliate.',
  answers: { 201: objectAnswer('link', linkAnswer) },
  scope: 'write',
  body: link,
  async run({ body, caller }, desk): Promise<Reply | Refusal> {
    const made = await desk.createLink(caller, {
      affiliateId: ownId('aff', body.affiliate_id),
      programId: body.campaign_id === null ? null : ownId('prog', body.campaign_id),
      code: body.ref_param?.trim() ?? null,
      destinationUrl: body.destination_url,
    });
    return isRefusal(made) ? made : done({ object: 'link', data: linkShape(made) }, 201);
  },
});

const listLinks = route<unknown, CreditedQuery>({
  method: 'GET',
  path: '/v1/links',
  summary: 'Links, newest first.',
  answers: { 200: listAnswer(linkAnswer) },
  scope: 'read',
  query: creditedQuery,
  async run({ query, caller }, desk): Promise<Reply> {
    const { affiliate_id: given } = query;
    const affiliateId = given === null ? null : ownId('aff', given);
    return listed((await desk.links(caller, { ...pagingOf(query), affiliateId })).rows, linkShape);
  },
});

export const partnerRoutes: readonly Route[] = [create, show, list, createLink, listLinks];
