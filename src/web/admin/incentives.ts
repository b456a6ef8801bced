/** Incentives: the rules that pay. A change is a new version; payments known before keep the one they were made with. */
import { z } from 'zod';
import { isRefusal } from '../../core/refusals.ts';
import { deleted, done, invalid, listed, pageFields, pagingOf, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';
import { incentiveShape, readIncentive } from './terms.ts';

const object = z.record(z.string(), z.unknown(), { error: 'must be an object' });
const listQuery = z.object(pageFields);

const create = route<z.infer<typeof object>>({
  method: 'POST',
  path: '/v1/program/incentives',
  scope: 'write:incentives',
  body: object,
  async run({ caller, body }, desk) {
    const sent = readIncentive(body, await desk.currency(caller));
    if (isRefusal(sent)) return sent;
    const made = await desk.createIncentive(caller, sent.programId, sent.terms);
    return isRefusal(made) ? made : done(incentiveShape(made), 201);
  },
});

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: '/v1/program/incentives',
  scope: 'read:incentives',
  query: listQuery,
  async run({ caller, query }, desk) {
    return listed(await desk.incentives(caller, pagingOf(query)), query, incentiveShape);
  },
});

const show = route({
  method: 'GET',
  path: '/v1/program/incentives/:id',
  scope: 'read:incentives',
  async run({ caller, params }, desk) {
    const found = await desk.incentive(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(incentiveShape(found));
  },
});

/** The whole incentive is sent again: what is left out takes its default. */
const replace = route<z.infer<typeof object>>({
  method: 'PUT',
  path: '/v1/program/incentives/:id',
  scope: 'write:incentives',
  body: object,
  async run({ caller, params, body }, desk) {
    const known = await desk.incentive(caller, params['id'] ?? '');
    if (isRefusal(known)) return known;
    const sent = readIncentive(body, await desk.currency(caller));
    if (isRefusal(sent)) return sent;
    if (sent.programId !== null && sent.programId !== known.programId)
      return invalid('program_id', 'cannot change; end this incentive and create one in the other program');
    const made = await desk.replaceIncentive(caller, known.id, sent.terms);
    return isRefusal(made) ? made : done(incentiveShape(made));
  },
});

const end = route({
  method: 'DELETE',
  path: '/v1/program/incentives/:id',
  scope: 'delete:incentives',
  async run({ caller, params }, desk) {
    const gone = await desk.endIncentive(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The incentive has ended; commissions it made stay as they are.');
  },
});

export const incentiveRoutes: readonly Route[] = [create, list, show, replace, end];
