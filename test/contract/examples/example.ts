/**
 * Examples of the operations of a dialect: one that succeeds for each route, with what must be there before. The reference
 * test calls each and holds request and answer to the OpenAPI document; the matrix damages each in every documented way.
 */
import type { Answer, Site } from '../../web/site.ts';

/** One call: with the dialect's prefix left out, parameters filled in, the query behind `?`. */
export type ExampleCall = {
  readonly path: string;
  readonly body?: unknown;
  /** Whose key it takes: the workspace's (default), an affiliate's own, or none. */
  readonly key?: 'affiliate' | 'none';
};

/** Where the examples of one dialect are played: every call goes to the dialect's prefix with a key of its family. */
export type ExampleStage = {
  readonly site: Site;
  /** An approved affiliate of the workspace, who holds the affiliate's key; their tracking id is the same text. */
  readonly affiliate: string;
  call(method: string, call: ExampleCall): Promise<Answer>;
  /** A text that is new in this run, to tell the examples' rows apart. */
  fresh(word: string): string;
};

export type Example = {
  /** Method and path as the route has them: `POST /v1/track/sale`. */
  readonly operation: string;
  readonly status: number;
  /** Makes what the call needs, and says the call. */
  prepare(stage: ExampleStage): Promise<ExampleCall>;
};
