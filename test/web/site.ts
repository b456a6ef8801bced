/** The service as a caller sees it: the whole application listening on a port, one workspace, keys of both worlds. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KeyFamily } from '../../src/core/families.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { createKey } from '../../src/pipeline/keys.ts';
import { providers } from '../../src/providers/index.ts';
import { signed } from '../../src/simulator/deliver.ts';
import { native, surfaces } from '../../src/surfaces/index.ts';
import { createVault } from '../../src/pipeline/vault.ts';
import { createApp, listen, type AppParts } from '../../src/web/app.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, SEAL_KEY, terms, translators, type Stage } from '../support/stage.ts';

export const SECRET = 'whsec_of_the_tests';

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: { [name: string]: unknown } & { data: Record<string, unknown>; error: Problem };
};

export type Problem = {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly details?: readonly { readonly field: string; readonly message: string }[];
  readonly hint?: string;
  readonly request_id?: string;
};

export type Asked = {
  /** null: no key at all. Default: the live key. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
};

export type Site = Awaited<ReturnType<typeof openSite>>;

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** jane earns 30 % of everything; `ref_1` is hers. */
export async function furnish(stage: Stage, prefix = ''): Promise<void> {
  await stage.affiliate(`${prefix}jane`);
  await stage.referral(`${prefix}ref_1`, `${prefix}jane`);
  await stage.incentive(`${prefix}inc_all`, terms('30'));
}

/** What a site differs in: the environment's signing secrets, the keys that seal, and parts of the application. */
export type Setting = {
  readonly workspace?: string;
  /** Whose look the site's own keys have; default: Affonso's, which our own endpoints take too. */
  readonly family?: KeyFamily;
  readonly secretsOf?: (workspace: string) => readonly string[];
  readonly sealKeys?: readonly Buffer[];
} & Partial<AppParts>;

export async function openSite(
  on: TestDatabase,
  { workspace = 'default', family: own = native.keys, secretsOf, sealKeys = [SEAL_KEY], ...more }: Setting = {},
) {
  const stage = await createStage(on, { workspace });
  const given = more.work ?? { ...stage.work, log: more.log ?? stage.work.log };
  const environment = {
    secretsOf: secretsOf ?? ((name: string) => (name === 'secretless' ? [] : [SECRET])),
    apiKey: null,
  };
  const work = { ...given, vault: createVault(given.database, given.log, environment, sealKeys) };
  const app = createApp({
    desk: createDesk(work, translators),
    providers,
    surfaces,
    log: work.log,
    ready: () => Promise.resolve([]),
    ...more,
    work,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keyFor = (livemode: boolean, scopes = ['*'], name = workspace, family = own) =>
    createKey(stage.work, { workspace: name, family, livemode, name: 'test', scopes });
  const live = (await keyFor(true)).key;
  const test = (await keyFor(false)).key;

  const site = {
    stage,
    work,
    app,
    url,
    live,
    test,
    keyFor,
    async send(
      method: string,
      path: string,
      body: string | Uint8Array | undefined,
      asked: Asked = {},
    ): Promise<Answer> {
      const key = asked.key === undefined ? live : asked.key;
      const response = await fetch(`${url}${path}`, {
        method,
        ...(body === undefined ? {} : { body }),
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...asked.headers,
        },
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: jsonOf(text) };
    },
    get: (path: string, asked?: Asked) => site.send('GET', path, undefined, asked),
    post: (path: string, body: unknown, asked?: Asked) => site.send('POST', path, JSON.stringify(body), asked),
    /** A delivery as Stripe would send it, signed now. */
    deliver: (body: string, path = '/webhooks/stripe', secret = SECRET) =>
      site.send('POST', path, body, {
        key: null,
        headers: signed(body, secret, Math.floor(stage.clock.now / 1000)),
      }),
    /** Everything in the database but when keys were used last, to see that nothing was written. */
    async everything(): Promise<string> {
      const { pool } = on.database;
      const { rows } = await pool.query<{ name: string }>(
        `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
      );
      const said: string[] = [];
      for (const { name } of rows) {
        const found = await pool.query<{ said: string }>(
          `SELECT count(*) || ' ' || COALESCE(md5(string_agg(t.said, '|' ORDER BY t.said)), '') AS said
           FROM (SELECT (to_jsonb(r) - 'last_used_at')::text AS said FROM ${name} r) t`,
        );
        said.push(`${name} ${found.rows[0]?.said}`);
      }
      return said.join('\n');
    },
    close: () => closed(server),
  };
  return site;
}

function jsonOf(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body'];
  } catch {
    return undefined as unknown as Answer['body'];
  }
}
