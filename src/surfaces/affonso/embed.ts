/**
 * Tokens with which a company shows an affiliate their own numbers: in a page of its own, or in the portal. Requests and
 * answers of these calls are camelCase.
 */
import { z } from 'zod';
import { isPage, NO_PAGE } from '../../core/destinations.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import type { AffiliateView } from '../../core/views.ts';
import type { Reply, Route } from '../surface.ts';
import { portalUrl, showData } from './embed-data.ts';
import { email, invalid, metadataChange, optionalId, optionalText } from './inputs.ts';
import { route } from '../route.ts';
import { answered, dataAnswer, done } from './shapes.ts';

const optionalEmail = email.nullish().transform((value) => value ?? null);

const image = z
  .string({ error: NO_PAGE })
  .refine(isPage, NO_PAGE)
  .nullish()
  .transform((value) => value ?? null);

const partner = z.object(
  {
    email: optionalEmail.describe('Whose numbers; needed here, or as email.'),
    name: optionalText(255).describe('Of somebody new. Default: what stands before the @.'),
    image: image.describe('The URL of their picture.'),
  },
  { error: 'must be an object' },
);

const askedToken = z.object({
  programId: optionalId.describe('Default: the default program.'),
  partner: partner
    .nullish()
    .transform((value) => value ?? null)
    .describe('Who sees it; somebody new is made an affiliate.'),
  groupId: optionalId.describe('Of somebody new. Default: the default group of the program.'),
  externalUserId: optionalId.describe('The user id of your app; replaces what is known of somebody.'),
  metadata: metadataChange.describe('Replaces what is known of somebody.'),
  affiliate_id: optionalId.describe('Somebody known, in place of partner.'),
  email: optionalEmail.describe('The same as partner.email.'),
  name: optionalText(255).describe('The same as partner.name.'),
  external_user_id: optionalId.describe('The same as externalUserId.'),
});

const tokenAnswer = z.object({
  publicToken: z.string().describe('Reads GET /v1/embed/data for 30 minutes.'),
  expiresAt: answered.moment,
  link: z.string().nullable().describe('Their referral link; null: the program has no website_url.'),
  portalUrl: z.string().describe('Opens the portal, for as long as the token lasts.'),
  partnershipStatus: z.enum(['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'BANNED']),
});

const statusOf = ({ status }: AffiliateView): z.infer<typeof tokenAnswer>['partnershipStatus'] =>
  status.toUpperCase() as Uppercase<typeof status>;

const giveToken = route<z.infer<typeof askedToken>>({
  method: 'POST',
  path: '/v1/embed/token',
  summary: 'Makes a token with which a page shows an affiliate their numbers; somebody new is made an affiliate.',
  answers: { 201: dataAnswer(tokenAnswer) },
  scope: 'write:affiliates',
  body: askedToken,
  async run({ caller, body, origin }, desk): Promise<Reply | Refusal> {
    const address = body.partner?.email ?? body.email;
    if (address === null && body.affiliate_id === null)
      return invalid('partner', 'must have an email: whose numbers are they?');
    if (address !== null && body.email !== null && address.toLowerCase() !== body.email.toLowerCase())
      return invalid('email', 'must be the same as partner.email: whose numbers are they?');
    const affiliate = await desk.join(caller, {
      programId: body.programId,
      affiliateId: body.affiliate_id,
      email: address,
      name: body.partner?.name ?? body.name,
      image: body.partner?.image ?? null,
      groupId: body.groupId,
      externalUserId: body.externalUserId ?? body.external_user_id,
      metadata: body.metadata,
    });
    if (isRefusal(affiliate)) return affiliate;
    const pass = await desk.givePass(caller, affiliate.id, 'embed');
    if (isRefusal(pass)) return pass;
    const told: z.infer<typeof tokenAnswer> = {
      publicToken: pass.token,
      expiresAt: toIso(pass.expiresAt),
      link: await desk.linkOf(caller, affiliate),
      portalUrl: portalUrl(origin, pass.token),
      partnershipStatus: statusOf(affiliate),
    };
    return done(told, 201);
  },
});

const givePortalToken = route({
  method: 'POST',
  path: '/v1/affiliates/:id/portal-token',
  summary: 'Makes a token that signs an approved affiliate into the portal, once and within five minutes.',
  answers: {
    201: dataAnswer(z.object({ token: z.string(), portalUrl: z.string(), expiresAt: answered.moment })),
  },
  scope: 'write:affiliates',
  async run({ caller, params, origin }, desk): Promise<Reply | Refusal> {
    const pass = await desk.givePass(caller, params['id'] ?? '', 'portal');
    if (isRefusal(pass)) return pass;
    const { token, expiresAt } = pass;
    return done({ token, portalUrl: portalUrl(origin, token), expiresAt: toIso(expiresAt) }, 201);
  },
});

export const embedRoutes: readonly Route[] = [giveToken, givePortalToken, showData];
