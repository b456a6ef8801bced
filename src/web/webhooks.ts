/**
 * `POST /webhooks/{provider}` and `/webhooks/{provider}/{workspace}`. The signature is checked before anything else is
 * asked, above all before the database: what is not signed costs one hash and one log line. 200 is said after the commit.
 */
import type { Context } from 'koa';
import type { Clockwork } from '../pipeline/clockwork.ts';
import { receive } from '../pipeline/receive.ts';
import type { Provider } from '../providers/provider.ts';
import { isDatabaseAway } from '../store/database.ts';
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
  /** Every active signing secret of a workspace; none: its deliveries are refused. */
  readonly secretsOf: (workspace: string) => readonly string[];
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
  const { work } = intake;
  const event = provider.verify(raw, ctx.headers, intake.secretsOf(workspace), work.now());
  if ('rejected' in event) {
    const { rejected, hint } = event;
    work.log.warn(
      { requestId, provider: provider.name, workspace, rejected, hint },
      'a webhook was refused; nothing was stored',
    );
    return refuse(ctx, 400, rejected, `the delivery was refused: ${rejected.replaceAll('_', ' ')}`, hint);
  }
  if (event.signedWith !== undefined)
    work.log.info(
      { requestId, workspace, event: event.id, signedWith: event.signedWith },
      'one of several secrets matched',
    );
  try {
    if (!(await isKnown(work, workspaces, workspace))) {
      return refuse(
        ctx,
        404,
        'unknown_workspace',
        `there is no workspace "${workspace}"`,
        'create it first: tributary workspaces create',
      );
    }
    const { outcome } = await receive(work, workspace, provider, event);
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = `{"received":true,"outcome":"${outcome}"}`;
  } catch (error) {
    refuseForUs(work, ctx, requestId, error);
  }
}

async function isKnown(work: Clockwork, workspaces: Set<string>, workspace: string): Promise<boolean> {
  if (workspaces.has(workspace)) return true;
  if (!(await workspaceExists(work.database.pool, workspace))) return false;
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
