/** Lists of a workspace: campaigns, conversions, commissions, payouts, and the report (apis.md 1.3). */
import type { Caller, Desk } from '../../core/desk.ts';
import type { Reply, Route } from '../surface.ts';
import { creditedQuery, pageQuery, pagingOf, type CreditedQuery, type PageQuery } from './inputs.ts';
import { ownId } from './ids.ts';
import { route } from '../route.ts';
import { listAnswer, listed } from './replies.ts';
import {
  campaignAnswer,
  campaignShape,
  commissionAnswer,
  commissionShape,
  conversionAnswer,
  conversionShape,
  payoutAnswer,
  payoutShape,
  reportAnswer,
  reportShape,
} from './shapes.ts';

type Page = { readonly query: PageQuery; readonly caller: Caller };

const affiliateIn = ({ affiliate_id: id }: CreditedQuery): string | null => (id === null ? null : ownId('aff', id));

/** Sales that credit somebody, with the e-mail of who bought where it is known. */
export async function listConversions({ query, caller }: Page, desk: Desk, affiliateId: string | null): Promise<Reply> {
  const creditedTo = affiliateId ?? 'anybody';
  const filter = { ...pagingOf(query), externalEventId: null, kind: 'sale', creditedTo };
  const { rows } = await desk.conversions(caller, filter);
  const referrals = rows.flatMap(({ referralId }) => referralId ?? []);
  const named = await desk.named(caller, { affiliates: [], referrals });
  const emails = new Map(named.referrals.map(({ id, email }) => [id, email]));
  return listed(rows, (row) => conversionShape(row, emails.get(row.referralId ?? '') ?? null));
}

export async function listCommissions({ query, caller }: Page, desk: Desk, affiliateId: string | null): Promise<Reply> {
  const none = { status: null, saleStatus: null, referralId: null, from: null, to: null };
  const { rows } = await desk.commissions(caller, { ...pagingOf(query), ...none, affiliateId, newestFirst: true });
  return listed(rows, commissionShape);
}

const read = { method: 'GET', scope: 'read' } as const;

const campaigns = route<unknown, PageQuery>({
  ...read,
  query: pageQuery,
  path: '/v1/campaigns',
  summary: 'Programs of the workspace, with the days in which a click earns.',
  answers: { 200: listAnswer(campaignAnswer) },
  async run({ query, caller }, desk): Promise<Reply> {
    return listed((await desk.programs(caller, pagingOf(query))).rows, campaignShape);
  },
});

const conversions = route<unknown, CreditedQuery>({
  ...read,
  query: creditedQuery,
  path: '/v1/conversions',
  summary: 'Sales that credit somebody, newest first.',
  answers: { 200: listAnswer(conversionAnswer) },
  run: (call, desk): Promise<Reply> => listConversions(call, desk, affiliateIn(call.query)),
});

const commissions = route<unknown, CreditedQuery>({
  ...read,
  query: creditedQuery,
  path: '/v1/commissions',
  summary: 'What sales earned, newest first.',
  answers: { 200: listAnswer(commissionAnswer) },
  run: (call, desk): Promise<Reply> => listCommissions(call, desk, affiliateIn(call.query)),
});

/** Made by hand: commissions that somebody ruled to be on their way or paid. */
export async function listPayouts({ query, caller }: Page, desk: Desk, affiliateId: string | null): Promise<Reply> {
  const sort = { by: 'created', descending: true } as const;
  const all = { status: null, from: null, to: null, sort };
  const { rows } = await desk.payouts(caller, { ...pagingOf(query), ...all, affiliateId });
  return listed(rows, payoutShape);
}

const payouts = route<unknown, CreditedQuery>({
  ...read,
  query: creditedQuery,
  path: '/v1/payouts',
  summary: 'Payouts, newest first: commissions that somebody ruled to be on their way or paid.',
  answers: { 200: listAnswer(payoutAnswer) },
  run: (call, desk): Promise<Reply> => listPayouts(call, desk, affiliateIn(call.query)),
});

const report = route<unknown, PageQuery>({
  ...read,
  query: pageQuery,
  path: '/v1/reports/affiliates',
  summary: 'What came of the links of each affiliate, newest affiliates first.',
  answers: { 200: listAnswer(reportAnswer) },
  async run({ query, caller }, desk): Promise<Reply> {
    const { rows, currency } = await desk.affiliateSums(caller, pagingOf(query));
    return listed(rows, (row) => reportShape(row, currency));
  },
});

export const resourceRoutes: readonly Route[] = [campaigns, conversions, commissions, payouts, report];
