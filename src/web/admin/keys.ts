/** API keys of the workspace, of every dialect. A key is in the answer that makes it and nowhere else. */
import { z } from 'zod';
import type { KeyView, MadeKey } from '../../core/key-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import {
  answered,
  dataAnswer,
  deleted,
  deletedAnswer,
  done,
  families,
  invalid,
  isoOrNull,
  listRoute,
  oneOf,
  optionalId,
  optionalMoment,
  optionalText,
  pageQuery,
  route,
  text,
} from '../../surfaces/index.ts';
import type { Reply, Route } from '../../surfaces/surface.ts';

/** A day: long enough to change a key by hand, short enough for one that leaked. */
const OVERLAP_SECONDS = 86_400;
const LONGEST_OVERLAP = 30 * OVERLAP_SECONDS;

const words = z
  .array(text(255), { error: 'must be a list of strings' })
  .max(100, 'must have at most 100 members')
  .nullish();

const creation = z.object({
  name: text(100).meta({ examples: ['checkout'] }),
  family: optionalText(50).meta({
    description: `The dialect it opens: ${families.map(({ name }) => name).join(', ')}. Default: ${families[0]?.name}.`,
    examples: families.map(({ name }) => name),
  }),
  mode: oneOf(['live', 'test']).describe('Default: that of the calling key.'),
  scopes: words.describe('What it may, in the words of its dialect. Default: everything.'),
  allowed_hosts: words.describe('Pages that may use it; *.example.com is every name below it. Default: any.'),
  affiliate_id: optionalId.describe('Who holds it, where the dialect has keys of affiliates.'),
  expires_at: optionalMoment.describe('Default: never.'),
  key: optionalText(512).describe('A key to bring along; only its hash is kept.'),
});

const OVERLAP = `must be a whole number of seconds from 0 to ${LONGEST_OVERLAP}`;
const rotation = z.object({
  overlap_seconds: z
    .number({ error: OVERLAP })
    .int(OVERLAP)
    .min(0, OVERLAP)
    .max(LONGEST_OVERLAP, OVERLAP)
    .nullish()
    .transform((seconds) => seconds ?? OVERLAP_SECONDS)
    .describe('For how long the old key goes on working. Default: a day.'),
  expires_at: optionalMoment.describe('When the new key ends. Default: as long again as the old one.'),
});

const keyAnswer = z
  .object({
    id: answered.id,
    name: z.string(),
    family: z.string().meta({ examples: families.map(({ name }) => name) }),
    mode: z.enum(['live', 'test']),
    shown: z.string().describe('Beginning and last four characters.'),
    scopes: z.array(z.string()),
    allowed_hosts: z.array(z.string()),
    affiliate_id: answered.id.nullable(),
    expires_at: answered.moment.nullable(),
    revoked_at: answered.moment.nullable(),
    last_used_at: answered.moment.nullable().describe('To the minute.'),
    rotated_from: answered.id.nullable(),
    created_at: answered.moment,
  })
  .meta({ id: 'ApiKey' });

const madeAnswer = keyAnswer.extend({
  key: z.string().optional().describe('The key itself, here and nowhere else; absent when it was brought along.'),
});

function keyShape(view: KeyView): z.infer<typeof keyAnswer> {
  return {
    id: view.id,
    name: view.name,
    family: view.family,
    mode: view.livemode ? 'live' : 'test',
    shown: view.shown,
    scopes: [...view.scopes],
    allowed_hosts: [...view.hosts],
    affiliate_id: view.affiliateId,
    expires_at: isoOrNull(view.expiresAt),
    revoked_at: isoOrNull(view.revokedAt),
    last_used_at: isoOrNull(view.lastUsedAt),
    rotated_from: view.rotatedFrom,
    created_at: toIso(view.createdAt),
  };
}

function made(answer: MadeKey | Refusal): Reply | Refusal {
  if (isRefusal(answer)) return answer;
  const { view, key } = answer;
  return done({ ...keyShape(view), ...(key === null ? {} : { key }) }, 201);
}

const list = listRoute({
  path: '/v1/keys',
  summary: 'API keys of every dialect, without the keys themselves.',
  scope: 'read:keys',
  query: pageQuery,
  row: keyAnswer,
  shape: keyShape,
  read: ({ caller, paging }, desk) => desk.keys(caller, paging),
});

/** Everything is allowed unless `scopes` says less; without `mode` it is of the caller's own world. */
const create = route<z.infer<typeof creation>>({
  method: 'POST',
  path: '/v1/keys',
  summary: 'Makes an API key of any dialect, or takes one that exists.',
  answers: { 201: dataAnswer(madeAnswer) },
  scope: 'write:keys',
  body: creation,
  async run({ caller, body }, desk) {
    const family = families.find(({ name }) => name === (body.family ?? families[0]?.name));
    if (!family) return invalid('family', `must be one of ${families.map(({ name }) => name).join(', ')}`);
    const input = {
      family,
      name: body.name,
      livemode: body.mode === null ? caller.livemode : body.mode === 'live',
      scopes: body.scopes ?? ['*'],
      hosts: (body.allowed_hosts ?? []).map((host) => host.toLowerCase()),
      affiliateId: body.affiliate_id,
      expiresAt: body.expires_at,
      key: body.key === null ? null : body.key.trim(),
    };
    return made(await desk.addKey(caller, input));
  },
});

const rotate = route<z.infer<typeof rotation>>({
  method: 'POST',
  path: '/v1/keys/:id/rotate',
  summary: 'Makes a key in place of another, which goes on working for a while.',
  answers: { 201: dataAnswer(madeAnswer) },
  scope: 'write:keys',
  body: rotation,
  async run({ caller, params, body }, desk) {
    const overlapMs = body.overlap_seconds * 1000;
    return made(await desk.rotateKey(caller, params['id'] ?? '', { families, overlapMs, expiresAt: body.expires_at }));
  },
});

const revoke = route({
  method: 'DELETE',
  path: '/v1/keys/:id',
  summary: 'Revokes a key; it stops working within two seconds.',
  answers: { 200: deletedAnswer },
  scope: 'delete:keys',
  async run({ caller, params }, desk) {
    const gone = await desk.revokeKey(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The key was revoked and stops working within two seconds.');
  },
});

export const keyRoutes: readonly Route[] = [list, create, rotate, revoke];
