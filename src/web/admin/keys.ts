/** API keys of the workspace, of every dialect. A key is in the answer that makes it and nowhere else. */
import { z } from 'zod';
import type { KeyView, MadeKey } from '../../core/key-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import {
  deleted,
  done,
  families,
  invalid,
  isoOrNull,
  listed,
  oneOf,
  optionalId,
  optionalMoment,
  optionalText,
  pageFields,
  pagingOf,
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
  name: text(100),
  family: optionalText(50),
  mode: oneOf(['live', 'test']),
  scopes: words,
  allowed_hosts: words,
  affiliate_id: optionalId,
  expires_at: optionalMoment,
  key: optionalText(512),
});

const OVERLAP = `must be a whole number of seconds from 0 to ${LONGEST_OVERLAP}`;
const rotation = z.object({
  overlap_seconds: z
    .number({ error: OVERLAP })
    .int(OVERLAP)
    .min(0, OVERLAP)
    .max(LONGEST_OVERLAP, OVERLAP)
    .nullish()
    .transform((seconds) => seconds ?? OVERLAP_SECONDS),
  expires_at: optionalMoment,
});

const listQuery = z.object(pageFields);

function keyShape(view: KeyView): Record<string, unknown> {
  return {
    id: view.id,
    name: view.name,
    family: view.family,
    mode: view.livemode ? 'live' : 'test',
    shown: view.shown,
    scopes: view.scopes,
    allowed_hosts: view.hosts,
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

const list = route<unknown, z.infer<typeof listQuery>>({
  method: 'GET',
  path: '/v1/keys',
  scope: 'read:keys',
  query: listQuery,
  async run({ caller, query }, desk) {
    return listed(await desk.keys(caller, pagingOf(query)), query, keyShape);
  },
});

/** Everything is allowed unless `scopes` says less; without `mode` it is of the caller's own world. */
const create = route<z.infer<typeof creation>>({
  method: 'POST',
  path: '/v1/keys',
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
  scope: 'delete:keys',
  async run({ caller, params }, desk) {
    const gone = await desk.revokeKey(caller, params['id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The key was revoked and stops working within two seconds.');
  },
});

export const keyRoutes: readonly Route[] = [list, create, rotate, revoke];
