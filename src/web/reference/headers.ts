/** The headers of answers, as a document names them. */
import type { Surface } from '../../surfaces/surface.ts';
import type { Answer, Document, Ref } from './document.ts';

const WHOLE = { type: 'integer' };

const TOLD: Document['components']['headers'] = {
  'X-RateLimit-Limit': { description: 'How many calls the key has in the window.', schema: WHOLE },
  'X-RateLimit-Remaining': { description: 'How many are left.', schema: WHOLE },
  'X-RateLimit-Reset': { description: 'When the window ends, in Unix seconds.', schema: WHOLE },
};

/** All that answers of this surface may have. */
export function headersOf({ limits }: Surface): Document['components']['headers'] {
  return {
    'Request-Id': { description: 'Names the call in our log.', schema: { type: 'string' } },
    'Retry-After': { description: 'Seconds after which the same call may succeed.', schema: WHOLE },
    ...(limits.told ? TOLD : {}),
  };
}

/** `waits`: the answer says when to come again. */
export function headersFor({ limits }: Surface, waits: boolean): Answer['headers'] & object {
  const names = ['Request-Id', ...(limits.told ? Object.keys(TOLD) : []), ...(waits ? ['Retry-After'] : [])];
  return Object.fromEntries(names.map((name): [string, Ref] => [name, { $ref: `#/components/headers/${name}` }]));
}
