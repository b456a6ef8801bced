import { z } from 'zod';
import type { Reply } from '../surface.ts';

export function done(body: Record<string, unknown>, status = 200): Reply {
  return { status, body };
}

/** A list; this dialect tells no totals. */
export function listed<T>(rows: readonly T[], show: (row: T) => unknown): Reply {
  return done({ data: rows.map(show) });
}

/** The schema of one object in its envelope. */
export function objectAnswer(object: string, data: z.ZodType): z.ZodType {
  return z.object({ object: z.literal(object), data });
}

/** The schema of a list. */
export function listAnswer(row: z.ZodType): z.ZodType {
  return z.object({ data: z.array(row) });
}
