/** Reading the object of an event in its shape. */
import type { z } from 'zod';

import type { EventRef, Stamp } from '../../core/facts.ts';

/**
 * `object` as `shape` describes it. A known type that lacks what is needed is a surprise, not a refusal: it throws,
 * naming the path and never the value, and the event is parked as failed.
 */
export function read<Shape extends z.ZodType>(shape: Shape, object: unknown, ref: EventRef): z.infer<Shape> {
  const result = shape.safeParse(object);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = ['data', 'object', ...(issue?.path ?? [])].map(String).join('.');
  throw new Error(`${ref.type}: ${path}: ${issue?.message ?? 'unreadable'}`);
}

export function stampOf(ref: EventRef, rank: number): Stamp {
  return { at: ref.at, rank, event: ref.id };
}
