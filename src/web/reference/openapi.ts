/** An OpenAPI 3.1 document of each dialect and of our own endpoints, made of nothing but their routes. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { KeyFamily } from '../../core/families.ts';
import type { Route, Surface } from '../../surfaces/surface.ts';
import type { Answer, Document, Server } from './document.ts';
import { headersFor, headersOf } from './headers.ts';
import { affiliatesOf, tagOf } from './names.ts';
import { pathsOf } from './operations.ts';
import { refusalsOf, type Refused } from './refused.ts';
import { createSchemas, type Schemas } from './schemas.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** The document of a surface; its name is the surface's. */
export function documentOf(surface: Surface, servers: readonly Server[]): Document {
  const { name, routes, keys } = surface;
  const schemas = createSchemas();
  const refused = refusalsOf(surface, fieldsOf(routes, schemas));
  const paths = pathsOf(surface, refused, schemas);
  return {
    openapi: '3.1.1',
    info: { title: titleOf(surface), version, description: describe(surface) },
    servers,
    tags: [...new Set(routes.map(tagOf))].map((tag) => ({ name: tag })),
    paths,
    components: {
      schemas: {
        ...schemas.named,
        ...Object.fromEntries(refused.all.map(({ name: called, schema }) => [called, schema])),
      },
      responses: Object.fromEntries(refused.all.map((one) => [one.name, refusal(surface, one)])),
      headers: headersOf(surface),
      securitySchemes: { [name]: bearer(keys, keys.beginnings), ...affiliateScheme(surface) },
    },
  };
}

function titleOf({ name, keys }: Surface): string {
  const called = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return name === keys.name ? `Tributary in the dialect of ${called}` : `${called} itself`;
}

const UNITS: Readonly<Record<number, string>> = { 1: 'second', 60: 'minute', 3600: 'hour' };

function describe({ name, keys, limits }: Surface): string {
  const { live, test } = keys.beginnings;
  const windows = limits.windows.map(({ points, seconds }) => `${points} times a ${UNITS[seconds] ?? `${seconds} s`}`);
  return [
    name === keys.name
      ? `The paths, words and shapes of ${name}; all that is told here ends in the one ledger.`
      : 'What no dialect has a word for: rules, settings, keys, what came in, and the explanation of everything.',
    `${keys.how} New keys begin with \`${live}\`, those of the test world with \`${test}\`.`,
    `Unless the operator says otherwise a key may call ${windows.join(' and ')}. Fields that are not known are ignored.`,
  ].join('\n\n');
}

function bearer(keys: KeyFamily, { live, test }: KeyFamily['beginnings']): Readonly<Record<string, string>> {
  return { type: 'http', scheme: 'bearer', bearerFormat: `${live}… or ${test}…`, description: keys.how };
}

function affiliateScheme({ name, keys }: Surface): Document['components']['securitySchemes'] {
  const { affiliateBeginnings } = keys;
  return affiliateBeginnings ? { [affiliatesOf(name)]: bearer(keys, affiliateBeginnings) } : {};
}

/** Every name that a request of the surface may carry, also in the members of a list. */
function fieldsOf(routes: readonly Route[], schemas: Schemas): readonly string[] {
  const named = (schema: z.ZodType): readonly string[] => {
    const { properties, items } = schemas.taken(schema);
    return Object.keys(properties ?? items?.properties ?? {});
  };
  const names = routes.flatMap(({ query, body }) => [query, body].flatMap((schema) => (schema ? named(schema) : [])));
  return [...new Set(names)];
}

function refusal(surface: Surface, { name, reasons }: Refused): Answer {
  const waits = reasons.includes('rate_limited') || reasons.includes('database_away');
  return {
    description: `Refused: ${reasons.map((reason) => reason.replaceAll('_', ' ')).join(', ')}.`,
    headers: headersFor(surface, waits),
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  };
}
