/** What an affiliate reads with a key of their own: themselves and what is theirs, nothing else (apis.md 1.1, 1.3). */
import type { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { Reply, Route } from '../surface.ts';
import { pageQuery, pagingOf, type PageQuery } from './inputs.ts';
import { listCommissions, listConversions, listPayouts } from './resources.ts';
import { route } from '../route.ts';
import { done, listAnswer, listed, objectAnswer } from './replies.ts';
import {
  affiliateAnswer,
  affiliateShape,
  clickAnswer,
  clickShape,
  commissionAnswer,
  conversionAnswer,
  linkAnswer,
  linkShape,
  payoutAnswer,
} from './shapes.ts';

type Own = { readonly caller: Caller; readonly query: PageQuery; readonly affiliateId: string };

/** A route for whoever holds an affiliate's key; to every other key it is locked. */
function own(
  path: string,
  { summary, answer }: { readonly summary: string; readonly answer: z.ZodType },
  run: (call: Own, desk: Desk) => Promise<Reply | Refusal>,
): Route {
  return route<unknown, PageQuery>({
    summary,
    answers: { 200: answer },
    method: 'GET',
    path: `/v1/affiliate/${path}`,
    scope: 'read',
    holder: 'affiliate',
    query: pageQuery,
    async run({ caller, query }, desk): Promise<Reply | Refusal> {
      const { affiliateId = null } = caller;
      return affiliateId === null
        ? refuse('unknown_key', 'This path is for the keys of affiliates.')
        : run({ caller, query, affiliateId }, desk);
    },
  });
}

const me = own(
  'me',
  { summary: 'Who the key belongs to.', answer: objectAnswer('affiliate', affiliateAnswer) },
  async ({ caller, affiliateId }, desk) => {
    const found = await desk.affiliate(caller, affiliateId);
    return isRefusal(found) ? found : done({ object: 'affiliate', data: affiliateShape(found) });
  },
);

const clicks = own(
  'clicks',
  { summary: 'Clicks on their links, newest first.', answer: listAnswer(clickAnswer) },
  async ({ caller, query, affiliateId }, desk) =>
    listed((await desk.clicks(caller, { ...pagingOf(query), affiliateId })).rows, clickShape),
);

const links = own(
  'links',
  { summary: 'Their links, newest first.', answer: listAnswer(linkAnswer) },
  async ({ caller, query, affiliateId }, desk) =>
    listed((await desk.links(caller, { ...pagingOf(query), affiliateId })).rows, linkShape),
);

const conversions = own(
  'conversions',
  { summary: 'Sales that credit them, newest first.', answer: listAnswer(conversionAnswer) },
  (call, desk) => listConversions(call, desk, call.affiliateId),
);
const commissions = own(
  'commissions',
  { summary: 'What they earned, newest first.', answer: listAnswer(commissionAnswer) },
  (call, desk) => listCommissions(call, desk, call.affiliateId),
);
const payouts = own(
  'payouts',
  { summary: 'What was paid to them, newest first.', answer: listAnswer(payoutAnswer) },
  (call, desk) => listPayouts(call, desk, call.affiliateId),
);

export const ownRoutes: readonly Route[] = [me, clicks, links, conversions, commissions, payouts];
