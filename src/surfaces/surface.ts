/**
 * The contract of an HTTP dialect. A surface is one folder: routes with their schemas, how its keys look, what they may
 * call how often, and how every answer and every refusal looks. No Koa, no SQL, no rules: `web/mount.ts` runs the
 * routes, the desk does the work.
 */
import type { z } from 'zod';
import type { Caller, Desk } from '../core/desk.ts';
import type { KeyFamily, RateWindow } from '../core/families.ts';
import type { Refusal } from '../core/refusals.ts';

export type Reply = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What a route gets: everything validated, the raw body for journals and hashes. */
export type Call = {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  readonly raw: string;
  /** The `User-Agent` header; empty: none was sent. */
  readonly userAgent: string;
  /** The header `Idempotency-Key`; null: none was sent. */
  readonly idempotencyKey: string | null;
  /** How the outside reaches us, without a trailing slash. */
  readonly origin: string;
};

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` parameters. */
  readonly path: string;
  /** The permission a key needs, in the dialect's own word. */
  readonly scope: string;
  /** Whose keys open it; default: the workspace's. An affiliate's own key opens nothing else. */
  readonly holder?: 'affiliate';
  /**
   * For browsers, who can keep no key: `always` looks at none, `allowed` takes one if there is one. The caller is then
   * `keyless` and in the workspace `default` until the desk's `atProgram` says whose program the call names.
   */
  readonly keyless?: 'always' | 'allowed';
  /** Who calls is told by a token in the query, which may be unknown or have expired. */
  readonly tokened?: true;
  /** Pages of any origin may call it, without credentials. */
  readonly cors?: true;
  /** The headers that carry a signature of the body; asked for where the workspace has a secret, else ignored. */
  readonly signed?: { readonly timestamp: string; readonly signature: string };
  /** What the reference page says: one line, and the schema of every answer but the refusals, by status. */
  readonly summary: string;
  readonly answers: Readonly<Record<number, z.ZodType>>;
  /** Refused with `invalid_input` and every problem at once when it does not fit. Unknown fields are ignored. */
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** For bodies that are text of another kind than JSON: what they are. Refusals are JSON all the same. */
  readonly contentType?: string;
  /** Where this route tells refusals in another shape than its surface. */
  problem?(refusal: Refusal, requestId: string): Reply;
  run(call: Call, desk: Desk): Promise<Reply | Refusal>;
};

/** What a request shows of its sender before it is read. */
export type Signs = { readonly query: URLSearchParams; readonly userAgent: string };

export type Surface = {
  readonly name: string;
  /** Decided from the path alone, before key and body are looked at, so that every error has the right shape. */
  owns(path: string): boolean;
  /**
   * Whether a request without a known key looks like one of this dialect's clients, for paths that another dialect has
   * too. A surface that tells its clients by signs gives way where it sees none.
   */
  knows?(signs: Signs): boolean;
  readonly routes: readonly Route[];
  readonly keys: KeyFamily;
  /** How often one key may call, unless the operator says otherwise; `told`: every answer says so in `X-RateLimit-*`. */
  readonly limits: { readonly windows: readonly RateWindow[]; readonly told: boolean };
  problem(refusal: Refusal, requestId: string): Reply;
};
