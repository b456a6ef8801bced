/** What is only read: customers, and clicks one by one (apis.md 3.3). */
import { z } from 'zod';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { behind } from './fields.ts';
import { filter, moment, walk, walkOf } from './inputs.ts';
import { clickAnswer, clickShape, customerAnswer, customerShape } from './shapes.ts';

const customerQuery = z.object({
  ...walk,
  id: filter('Only the one of this id.'),
  externalId: filter('Only the one of this id of yours.'),
});

const clickQuery = z.object({
  ...walk,
  linkId: filter('Only clicks on this link.'),
  partnerId: filter('Only clicks that this partner is credited with.'),
  startDate: moment('start', 'Only clicks from this moment on.'),
  endDate: moment('end', 'Only clicks up to this moment.'),
});

const customers = route<unknown, z.infer<typeof customerQuery>>({
  method: 'GET',
  path: '/api/customers',
  summary: 'Lists the customers of whom leads and sales told, the newest first.',
  answers: { 200: z.array(customerAnswer) },
  scope: 'customersRead',
  query: customerQuery,
  async run({ query, caller }, desk): Promise<Reply> {
    const { id, externalId } = query;
    const rows = await desk.customers(caller, { ...walkOf(query), id: behind('cst', id) ?? null, externalId });
    return { status: 200, body: rows.map(customerShape) };
  },
});

const analytics = route<unknown, z.infer<typeof clickQuery>>({
  method: 'GET',
  path: '/api/analytics',
  summary: 'Lists clicks on links, the latest first.',
  answers: { 200: z.array(clickAnswer) },
  scope: 'analyticsRead',
  query: clickQuery,
  async run({ query, caller }, desk): Promise<Reply> {
    const { linkId, partnerId, startDate: from, endDate: to } = query;
    const filters = { linkId: behind('link', linkId) ?? null, affiliateId: behind('aff', partnerId) ?? null, from, to };
    const rows = await desk.clicksOfLinks(caller, { ...walkOf(query), ...filters });
    return { status: 200, body: rows.map(clickShape) };
  },
});

export const listRoutes: readonly Route[] = [customers, analytics];
