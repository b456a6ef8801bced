import type { Reply } from '../surface.ts';

export function done(body: Record<string, unknown>, status = 200): Reply {
  return { status, body };
}

/** A list; this dialect tells no totals. */
export function listed<T>(rows: readonly T[], show: (row: T) => unknown): Reply {
  return done({ data: rows.map(show) });
}
