/** Incentives: the rules that pay. A change is a new version; payments known before keep the one they were made with. */
import type { z } from 'zod';
import { isRefusal } from '../../core/refusals.ts';
import {
  dataAnswer,
  deleted,
  deletedAnswer,
  done,
  invalid,
  listRoute,
  pageQuery,
  route,
} from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';
import { incentiveAnswer, incentiveShape, readIncentive } from './terms.ts';
import { incentiveBody } from './terms-fields.ts';

const create = route<z.infer<typeof incentiveBody>>({
  method: 'POST',
  path: '/v1/program/incentives',
  summary: 'Creates an incentive: a rule that pays.',
  answers: { 201: dataAnswer(incentiveAnswer) },
  scope: 'write:incentives',
  body: incentiveBody,
  async run({ caller, body }, desk) {
    const sent = readIncentive(body, await desk.currency(caller));
    if (isRefusal(sent)) return sent;
    const made = await desk.createIncentive(caller, sent.programId, sent.terms);
    return isRefusal(made) ? made : done(incentiveShape(made), 201);
  },
});

const list = listRoute({
  path: '/v1/program/incentives',
  summary: 'Incentives of the workspace.',
  scope: 'read:incentives',
  query: pageQuery,
  row: incentiveAnswer,
  shape: incentiveShape,
  read: ({ caller, paging }, desk) => desk.incentives(caller, paging),
});

const show = route({
  method: 'GET',
  path: '/v1/program/incentives/:id',
  summary: 'One incentive, as it holds.',
  answers: { 200: dataAnswer(incentiveAnswer) },
  scope: 'read:incentives',
  async run({ caller, params }, desk) {
    const found = await desk.incentive(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(incentiveShape(found));
  },
});

/** The whole incentive is sent again: what is left out takes its default. */
const replace = route<z.infer<typeof incentiveBody>>({
  method: 'PUT',
  path: '/v1/program/incentives/:id',
  summary: 'Makes a new version of an incentive: the whole of it is sent, what is left out takes its default.',
  answers: { 200: dataAnswer(incentiveAnswer) },
  scope: 'write:incentives',
  body: incentiveBody,
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
  summary: 'Ends an incentive; commissions it made stay as they are.',
  answers: { 200: deletedAnswer },
  scope: 'delete:incentives',
  async run({ caller, params }, desk) {
    const gone = await desk.endIncentive(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The incentive has ended; commissions it made stay as they are.');
  },
});

export const incentiveRoutes: readonly Route[] = [create, list, show, replace, end];
