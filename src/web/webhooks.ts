/**
 * `POST /webhooks/{provider}` and `/webhooks/{provider}/{workspace}`; a number in its place is that of one of the
 * workspace's programs, unless a workspace is called so. The signature is checked before anything else is
 * asked, above all before the database: what is not signed costs one hash and one log line. 200 is said after the commit.
 */
import type { Context } from 'koa';
import type { Clockwork } from '../pipeline/clockwork.ts';
import { receive } from '../pipeline/receive.ts';
import type { SigningSecret } from '../pipeline/vault.ts';
import type { Provider, ReceivedEvent, Rejection } from '../providers/provider.ts';
import { isDatabaseAway } from '../store/database.ts';
import { homeOfProgram } from '../store/programs.ts';
import { workspaceExists } from '../store/workspaces.ts';
import { BODY_LIMIT, readBody } from './body.ts';
import { RETRY_AFTER } from './mount.ts';

export type Endpoint = { readonly provider: Provider; readonly workspace: string };

export type Webhooks = {
  /** The endpoint of a path; null: there is none. */
  find(path: string): Endpoint | null;
  /** Answers one delivery. Throws `Aborted` when the sender went away. */
  answer(ctx: Context, endpoint: Endpoint, requestId: string): Promise<void>;
};

export type Intake = {
  readonly work: Clockwork;
  readonly providers: ReadonlyMap<string, Provider>;
};

const PATH = /^\/webhooks\/([a-z0-9-]+)(?:\/([a-z0-9][a-z0-9-]{0,62}))?\/?$/;

/** Remembers the endpoints and the workspaces it has seen, so that an ordinary delivery asks for neither. */
export function createWebhooks(intake: Intake): Webhooks {
  const endpoints = new Map<string, Endpoint>();
  for (const provider of intake.providers.values()) {
    endpoints.set(`/webhooks/${provider.name}`, { provider, workspace: 'default' });
  }
  const workspaces = new Set<string>();
  return {
    find: (path) => endpoints.get(path) ?? endpointOf(intake, path),
    answer: (ctx, endpoint, requestId) => answer(intake, workspaces, ctx, endpoint, requestId),
  };
}

function endpointOf({ providers }: Intake, path: string): Endpoint | null {
  const [, name = '', workspace = 'default'] = PATH.exec(path) ?? [];
  const provider = providers.get(name);
  return provider ? { provider, workspace } : null;
}

async function answer(
  intake: Intake,
  workspaces: Set<string>,
  ctx: Context,
  { provider, workspace }: Endpoint,
  requestId: string,
): Promise<void> {
  if (ctx.method !== 'POST') {
    ctx.set('Allow', 'POST');
    return refuse(
      ctx,
      405,
      'method_not_allowed',
      'webhooks are delivered by POST',
      'this is the address to paste at the sender, not a page',
    );
  }
  const raw = await readBody(ctx.req);
  if (raw === 'too_large') {
    ctx.set('Connection', 'close');
    return refuse(
      ctx,
      413,
      'body_too_large',
      `the body is larger than ${BODY_LIMIT} bytes`,
      'no event of a known sender is that large',
    );
  }
  await answerDelivery(intake, workspaces, ctx, { provider, workspace }, requestId, raw);
}

async function answerDelivery(
  { work }: Intake,
  workspaces: Set<string>,
  ctx: Context,
  { provider, workspace: named }: Endpoint,
  requestId: string,
  raw: Uint8Array,
): Promise<void> {
  try {
    const workspace = await workspaceOf(work, workspaces, named);
    const said = await verifyDelivery(work, provider, workspace, raw, ctx.headers);
    if ('rejected' in said) return refuseDelivery(work, ctx, requestId, { provider, workspace }, said);
    const { event, signer } = said;
    const signedWith = signer?.words ?? event.signedWith;
    if (signedWith !== undefined)
      work.log.info({ requestId, workspace, event: event.id, signedWith }, 'one of several secrets matched');
    if (!(await isKnown(work, workspaces, workspace))) {
      return refuse(
        ctx,
        404,
        'unknown_workspace',
        `there is no workspace "${workspace}"`,
        'create it first: tributary workspaces create',
      );
    }
    const { outcome } = await receive(work, workspace, provider, { ...event, signer });
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = `{"received":true,"outcome":"${outcome}"}`;
  } catch (error) {
    refuseForUs(work, ctx, requestId, error);
  }
}

type Verified = {
  readonly event: ReceivedEvent;
  /** The stored secret that signed it; null: the environment's. */
  readonly signer: SigningSecret | null;
};

/** Why a delivery was refused; `unreadable`: perhaps only because a stored secret cannot be opened here. */
type Refused = Rejection & { readonly unreadable?: string };

/** The environment's secrets first: they cost nothing to have. Only when none of them signed it the stored ones are asked. */
async function verifyDelivery(
  work: Clockwork,
  provider: Provider,
  workspace: string,
  raw: Uint8Array,
  headers: Context['headers'],
): Promise<Verified | Refused> {
  const now = work.now();
  const own = work.vault.environment.secretsOf(workspace);
  const first = provider.verify(raw, headers, own, now);
  if (!('rejected' in first)) return { event: first, signer: null };
  if (first.otherSecret !== true) return first;
  const { secrets, problem } = await work.vault.storedSecrets(workspace, now);
  const texts = secrets.map(({ secret }) => secret);
  const second = texts.length === 0 ? first : provider.verify(raw, headers, texts, now);
  if (!('rejected' in second)) return { event: second, signer: secrets[second.matched] ?? null };
  return problem === null || second.otherSecret !== true ? second : { ...second, unreadable: problem };
}

/** The sender of what may well be right is asked to try again; of what is wrong, told why. */
function refuseDelivery(
  { log }: Clockwork,
  ctx: Context,
  requestId: string,
  { provider, workspace }: Endpoint,
  { rejected, hint, unreadable }: Refused,
): void {
  log.warn(
    {
      requestId,
      provider: provider.name,
      workspace,
      rejected,
      hint,
      ...(unreadable === undefined ? {} : { unreadable }),
    },
    'a webhook was refused; nothing was stored',
  );
  if (unreadable === undefined)
    return refuse(ctx, 400, rejected, `the delivery was refused: ${rejected.replaceAll('_', ' ')}`, hint);
  ctx.set('Retry-After', RETRY_AFTER);
  refuse(ctx, 503, 'secrets_unreadable', 'a stored signing secret cannot be opened', 'deliver it again; see the log');
}

const NUMBER = /^\d{1,15}$/;

/** Only a number is asked about before the signature: every other name is a workspace's or nobody's. */
async function workspaceOf(work: Clockwork, workspaces: Set<string>, named: string): Promise<string> {
  if (!NUMBER.test(named) || (await isKnown(work, workspaces, named))) return named;
  return (await homeOfProgram(work.database.across, named))?.workspace ?? named;
}

async function isKnown(work: Clockwork, workspaces: Set<string>, workspace: string): Promise<boolean> {
  if (workspaces.has(workspace)) return true;
  if (!(await workspaceExists(work.database.of(workspace), workspace))) return false;
  workspaces.add(workspace);
  return true;
}

/** The sender keeps the event and tries again: an unknown outcome is never a 200. */
function refuseForUs({ log }: Clockwork, ctx: Context, requestId: string, error: unknown): void {
  if (isDatabaseAway(error)) {
    log.warn({ requestId, err: error }, 'the database is away; the sender was asked to try again');
    ctx.set('Retry-After', RETRY_AFTER);
    return refuse(ctx, 503, 'database_away', 'the event could not be stored', 'deliver it again');
  }
  log.error({ requestId, err: error }, 'a webhook ended in a surprise');
  return refuse(
    ctx,
    500,
    'internal',
    'the event could not be stored',
    `deliver it again; it is in the log under ${requestId}`,
  );
}

function refuse(ctx: Context, status: number, code: string, message: string, hint: string): void {
  ctx.status = status;
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = JSON.stringify({ error: { code, message, hint } });
}
