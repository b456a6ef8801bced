/** Stripe accounts of the workspace. Signing secrets and API keys go in; only their prefix and last four come out. */
import { z } from 'zod';
import type { ApiKeyView, SecretView, StripeAccountView } from '../../core/account-desk.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import {
  answered,
  dataAnswer,
  deleted,
  deletedAnswer,
  done,
  isoOrNull,
  listRoute,
  oneOf,
  optionalMoment,
  optionalText,
  pageQuery,
  route,
  text,
} from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

const flag = z
  .boolean({ error: 'must be true or false' })
  .nullish()
  .transform((value) => value ?? false);

const creation = z.object({
  account_id: text(255).meta({ examples: ['acct_1'] }),
  name: optionalText(100),
  primary: flag.describe('The account whose events name no account; which one it is never changes.'),
});
const change = z.object({ name: text(100) });
const secretBody = z.object({
  secret: text(255).meta({ description: 'Shown by Stripe once.', examples: ['whsec_…'] }),
  label: optionalText(100),
  expires_at: optionalMoment,
  others_expire_at: optionalMoment.describe('When the other secrets of the account end, to roll one.'),
});
const keyBody = z.object({
  api_key: text(255).meta({
    description: 'A restricted key that reads; its prefix says for which world.',
    examples: ['rk_live_…'],
  }),
});
const modeQuery = z.object({ mode: oneOf(['live', 'test']).describe('Default: both.') });

const shown = z.string().describe('Beginning and last four characters.');

const secretAnswer = z
  .object({
    id: answered.id,
    label: z.string(),
    shown,
    expires_at: answered.moment.nullable(),
    created_at: answered.moment,
  })
  .meta({ id: 'SigningSecret' });

function secretShape(view: SecretView): z.infer<typeof secretAnswer> {
  return {
    id: view.id,
    label: view.label,
    shown: view.shown,
    expires_at: isoOrNull(view.expiresAt),
    created_at: toIso(view.createdAt),
  };
}

const keyAnswer = z
  .object({
    mode: z.enum(['live', 'test']),
    shown,
    refused_at: answered.moment.nullable().describe('When Stripe refused it.'),
    refused_reason: z.string().nullable(),
    created_at: answered.moment,
  })
  .meta({ id: 'StripeApiKey' });

function keyShape(view: ApiKeyView): z.infer<typeof keyAnswer> {
  return {
    mode: view.livemode ? 'live' : 'test',
    shown: view.shown,
    refused_at: isoOrNull(view.refusedAt),
    refused_reason: view.refusedReason,
    created_at: toIso(view.createdAt),
  };
}

const accountAnswer = z
  .object({
    id: z.string().meta({ examples: ['acct_1'] }),
    name: z.string(),
    primary: z.boolean(),
    state: z.enum(['connected', 'disconnected']),
    connected_at: answered.moment,
    disconnected_at: answered.moment.nullable(),
    secrets: z.array(secretAnswer),
    api_keys: z.array(keyAnswer),
    created_at: answered.moment,
  })
  .meta({ id: 'StripeAccount' });

function accountShape(view: StripeAccountView): z.infer<typeof accountAnswer> {
  return {
    id: view.id,
    name: view.name,
    primary: view.scope === '',
    state: view.disconnectedAt === null ? 'connected' : 'disconnected',
    connected_at: toIso(view.connectedAt),
    disconnected_at: isoOrNull(view.disconnectedAt),
    secrets: view.secrets.map(secretShape),
    api_keys: view.apiKeys.map(keyShape),
    created_at: toIso(view.createdAt),
  };
}

const list = listRoute({
  path: '/v1/stripe/accounts',
  summary: 'Stripe accounts of the workspace, with what is stored for them.',
  scope: 'read:stripe',
  query: pageQuery,
  row: accountAnswer,
  shape: accountShape,
  read: ({ caller, paging }, desk) => desk.accounts(caller, paging),
});

/** 201 for a new account; 200 for one that was there, which is connected again when it was not. */
const create = route<z.infer<typeof creation>>({
  method: 'POST',
  path: '/v1/stripe/accounts',
  summary: 'Registers a Stripe account, or connects it again.',
  answers: { 200: dataAnswer(accountAnswer), 201: dataAnswer(accountAnswer) },
  scope: 'write:stripe',
  body: creation,
  async run({ caller, body }, desk) {
    const { account_id: id, name, primary } = body;
    const made = await desk.addAccount(caller, { id, name, primary, routed: false });
    return isRefusal(made) ? made : done(accountShape(made.account), made.created ? 201 : 200);
  },
});

const show = route({
  method: 'GET',
  path: '/v1/stripe/accounts/:id',
  summary: 'One Stripe account.',
  answers: { 200: dataAnswer(accountAnswer) },
  scope: 'read:stripe',
  async run({ caller, params }, desk) {
    const found = await desk.account(caller, params['id'] ?? '');
    return isRefusal(found) ? found : done(accountShape(found));
  },
});

const rename = route<z.infer<typeof change>>({
  method: 'PATCH',
  path: '/v1/stripe/accounts/:id',
  summary: 'Renames a Stripe account.',
  answers: { 200: dataAnswer(accountAnswer) },
  scope: 'write:stripe',
  body: change,
  async run({ caller, params, body }, desk) {
    const found = await desk.renameAccount(caller, params['id'] ?? '', body.name);
    return isRefusal(found) ? found : done(accountShape(found));
  },
});

const remove = route({
  method: 'DELETE',
  path: '/v1/stripe/accounts/:id',
  summary: 'Removes an account with its secrets and keys; what its events earned stands.',
  answers: { 200: deletedAnswer },
  scope: 'delete:stripe',
  async run({ caller, params }, desk) {
    const gone = await desk.removeAccount(caller, params['id'] ?? '');
    return isRefusal(gone)
      ? gone
      : deleted('The account was removed with its secrets and keys; what its events earned stands.');
  },
});

const addSecret = route<z.infer<typeof secretBody>>({
  method: 'POST',
  path: '/v1/stripe/accounts/:id/secrets',
  summary: 'Stores a signing secret, sealed.',
  answers: { 201: dataAnswer(secretAnswer) },
  scope: 'write:stripe',
  body: secretBody,
  async run({ caller, params, body }, desk) {
    const made = await desk.addSecret(caller, params['id'] ?? '', {
      secret: body.secret.trim(),
      label: body.label,
      expiresAt: body.expires_at,
      othersExpireAt: body.others_expire_at,
    });
    return isRefusal(made) ? made : done(secretShape(made), 201);
  },
});

const removeSecret = route({
  method: 'DELETE',
  path: '/v1/stripe/accounts/:id/secrets/:secret_id',
  summary: 'Removes a signing secret; it counts no more.',
  answers: { 200: deletedAnswer },
  scope: 'delete:stripe',
  async run({ caller, params }, desk) {
    const gone = await desk.removeSecret(caller, params['id'] ?? '', params['secret_id'] ?? '');
    return isRefusal(gone) ? gone : deleted('The signing secret counts no more.');
  },
});

const putKey = route<z.infer<typeof keyBody>>({
  method: 'PUT',
  path: '/v1/stripe/accounts/:id/api_key',
  summary: 'Stores the API key of an account, sealed, in place of the one it had.',
  answers: { 200: dataAnswer(keyAnswer) },
  scope: 'write:stripe',
  body: keyBody,
  async run({ caller, params, body }, desk) {
    const kept = await desk.putApiKey(caller, params['id'] ?? '', body.api_key.trim());
    return isRefusal(kept) ? kept : done(keyShape(kept));
  },
});

const removeKey = route<unknown, z.infer<typeof modeQuery>>({
  method: 'DELETE',
  path: '/v1/stripe/accounts/:id/api_key',
  summary: 'Removes API keys; webhooks alone are enough.',
  answers: { 200: deletedAnswer },
  scope: 'delete:stripe',
  query: modeQuery,
  async run({ caller, params, query }, desk) {
    const livemode = query.mode === null ? null : query.mode === 'live';
    const gone = await desk.removeApiKey(caller, params['id'] ?? '', livemode);
    return isRefusal(gone) ? gone : deleted('The API key was removed; webhooks alone are enough.');
  },
});

export const accountRoutes: readonly Route[] = [
  list,
  create,
  show,
  rename,
  remove,
  addSecret,
  removeSecret,
  putKey,
  removeKey,
];
