/**
 * The contract of an HTTP dialect. A surface is one folder: routes with their schemas, and how every answer and every
 * refusal looks. No Koa, no SQL, no rules: `web/mount.ts` runs the routes, the desk does the work.
 */
import type { z } from 'zod';
import type { Caller, Desk } from '../core/desk.ts';
import type { Refusal } from '../core/refusals.ts';

export type Reply = { readonly status: number; readonly body: unknown };

/** What a route gets: everything validated, the raw body for journals and hashes. */
export type Call = {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  readonly raw: string;
};

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` parameters. */
  readonly path: string;
  /** The permission a key needs. */
  readonly scope: string;
  /** Refused with `invalid_input` and every problem at once when it does not fit. Unknown fields are ignored. */
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  run(call: Call, desk: Desk): Promise<Reply | Refusal>;
};

export type Surface = {
  readonly name: string;
  /** Decided from the path alone, before key and body are looked at, so that every error has the right shape. */
  owns(path: string): boolean;
  readonly routes: readonly Route[];
  problem(refusal: Refusal, requestId: string): Reply;
};
