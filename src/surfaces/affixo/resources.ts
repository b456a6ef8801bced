/** Lists of a workspace: campaigns, conversions, commissions, payouts, and the report (apis.md 1.3). */
import type { Caller, Desk } from '../../core/desk.ts';
import type { Reply, Route } from '../surface.ts';
import { pageQuery, pagingOf, type PageQuery } from './inputs.ts';
import { ownId } from './ids.ts';
import { route } from '../route.ts';
import { listed } from './replies.ts';
import { campaignShape, commissionShape, conversionShape, reportShape } from './shapes.ts';

type Page = { readonly query: PageQuery; readonly caller: Caller };

const affiliateIn = ({ affiliate_id: id }: PageQuery): string | null => (id === null ? null : ownId('aff', id));

/** Sales that credit somebody, with the e-mail of who bought where it is known. */
export async function listConversions(
  { query, caller }: Page,
  desk: Desk,
  affiliateId: string | null = affiliateIn(query),
): Promise<Reply> {
  const creditedTo = affiliateId ?? 'anybody';
  const filter = { ...pagingOf(query), externalEventId: null, kind: 'sale', creditedTo };
  const { rows } = await desk.conversions(caller, filter);
  const referrals = rows.flatMap(({ referralId }) => referralId ?? []);
  const named = await desk.named(caller, { affiliates: [], referrals });
  const emails = new Map(named.referrals.map(({ id, email }) => [id, email]));
  return listed(rows, (row) => conversionShape(row, emails.get(row.referralId ?? '') ?? null));
}

export async function listCommissions(
  { query, caller }: Page,
  desk: Desk,
  affiliateId: string | null = affiliateIn(query),
): Promise<Reply> {
  const none = { status: null, saleStatus: null, referralId: null, from: null, to: null };
  const { rows } = await desk.commissions(caller, { ...pagingOf(query), ...none, affiliateId, newestFirst: true });
  return listed(rows, commissionShape);
}

const read = { method: 'GET', scope: 'read', query: pageQuery } as const;

const campaigns = route<unknown, PageQuery>({
  ...read,
  path: '/v1/campaigns',
  async run({ query, caller }, desk): Promise<Reply> {
    return listed((await desk.programs(caller, pagingOf(query))).rows, campaignShape);
  },
});

const conversions = route<unknown, PageQuery>({
  ...read,
  path: '/v1/conversions',
  run: (call, desk): Promise<Reply> => listConversions(call, desk),
});

const commissions = route<unknown, PageQuery>({
  ...read,
  path: '/v1/commissions',
  run: (call, desk): Promise<Reply> => listCommissions(call, desk),
});

/** Nothing is sent by a rail yet, so there is no payout to list; what was marked paid is told by the commissions. */
const payouts = route<unknown, PageQuery>({
  ...read,
  path: '/v1/payouts',
  run: (): Promise<Reply> => Promise.resolve(listed([], String)),
});

const report = route<unknown, PageQuery>({
  ...read,
  path: '/v1/reports/affiliates',
  async run({ query, caller }, desk): Promise<Reply> {
    const { rows, currency } = await desk.affiliateSums(caller, pagingOf(query));
    return listed(rows, (row) => reportShape(row, currency));
  },
});

export const resourceRoutes: readonly Route[] = [campaigns, conversions, commissions, payouts, report];
