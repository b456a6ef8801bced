/** Answers of this dialect: always 200 when a call succeeds, with `success: true` beside what it says (apis.md 4.2). */
import { z } from 'zod';
import { refuse, type Refusal } from '../../core/refusals.ts';
import type { Reply, Route } from '../surface.ts';

export const NAME = 'affitor';

export const done = (body: Record<string, unknown>): Reply => ({ status: 200, body: { success: true, ...body } });

/** A request that cannot be done, in the document's own words. */
export const wrong = (sentence: string): Refusal => refuse('invalid_input', sentence);

export const success = z.literal(true);

/** What is answered to those who name a click or customer by the fields of the older calls. */
export const legacyAnswer = {
  customer_code: z.string().optional().describe('The click id; only when customer_code or user_id was sent.'),
};

/** One call under its present path and under the older one, which is an alias. */
export function aliased(what: string, routeAt: (path: string) => Route): readonly Route[] {
  return [routeAt(`/api/v1/track/${what}`), routeAt(`/api/tracking/${what}`)];
}
