/**
 * Counters of rate limits. Rows in our own table, in the shape of every other: the workspace is part of the key, and the
 * database's clock says when a window ends, so that processes whose clocks differ still share one window.
 */
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateWindow } from '../core/families.ts';
import type { Tx } from './tx.ts';

type Counted = { readonly points: number; readonly left: string };

/** The library's limiter on PostgreSQL; only its statement is ours. Keys are `workspace/name`, workspaces hold no '/'. */
class CountersInPostgres extends RateLimiterPostgres {
  readonly #of: (workspace: string) => Tx;

  constructor(of: (workspace: string) => Tx, { points, seconds }: RateWindow) {
    super({
      // Nothing is sent through it: the statement below is the only one.
      storeClient: { query: () => Promise.reject(new Error('the counters have a statement of their own')) },
      storeType: 'pool',
      tableName: 'rate_limits',
      tableCreated: true,
      // A row is used again by the next window, so there are never more than keys.
      clearExpiredByTimeout: false,
      keyPrefix: '',
      points,
      duration: seconds,
      // Without the database each process counts for itself.
      insuranceLimiter: new RateLimiterMemory({ points, duration: seconds }),
    });
    this.#of = of;
  }

  /** Called by the library to count; its own statement has one key column and takes the time from this process. */
  protected async _upsert(key: string, points: number, durationMs: number): Promise<Counted> {
    const slash = key.indexOf('/');
    const workspace = key.slice(0, slash);
    const { rows } = await this.#of(workspace).query<Counted>({
      name: 'count_calls',
      text: `INSERT INTO rate_limits AS r (workspace_id, name, points, expires_at)
             VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond')
             ON CONFLICT (workspace_id, name) DO UPDATE SET
               points = CASE WHEN r.expires_at <= now() THEN excluded.points ELSE r.points + excluded.points END,
               expires_at = CASE WHEN r.expires_at <= now() THEN excluded.expires_at ELSE r.expires_at END
             RETURNING points, ceil(extract(epoch FROM expires_at - now()) * 1000)::text AS left`,
      values: [workspace, key.slice(slash + 1), points, durationMs],
    });
    if (!rows[0]) throw new Error('a counter was not written');
    return rows[0];
  }

  protected _getRateLimiterRes(_key: string, changed: number, { points, left }: Counted): RateLimiterRes {
    return new RateLimiterRes(Math.max(this.points - points, 0), Math.max(Number(left), 0), points, points === changed);
  }
}

/** What setting points aside brought: how many of them, what all processes have left, and when the window ends. */
export type SetAside = { readonly granted: number; readonly left: number; readonly endsInMs: number };

export type Counter = { setAside(workspace: string, name: string, points: number): Promise<SetAside> };

/** Sets points of a window aside. Over all processes never more than the window has. */
export function createCounter(of: (workspace: string) => Tx, window: RateWindow): Counter {
  const counters = new CountersInPostgres(of, window);
  return {
    async setAside(workspace, name, points) {
      const { consumedPoints, msBeforeNext } = await counters
        .consume(`${workspace}/${name}`, points)
        .catch(countedTooMany);
      const before = consumedPoints - points;
      const granted = Math.min(points, Math.max(window.points - before, 0));
      return { granted, left: Math.max(window.points - consumedPoints, 0), endsInMs: msBeforeNext };
    },
  };
}

/** The library throws its result when the window is used up. */
function countedTooMany(result: unknown): RateLimiterRes {
  if (result instanceof RateLimiterRes) return result;
  throw result;
}
