/** One operation for each route: what it takes, what it answers, who may call it. */
import type { Route, Surface } from '../../surfaces/surface.ts';
import type { Answer, Operation, Parameter, Paths, Ref } from './document.ts';
import { headersFor } from './headers.ts';
import { affiliatesOf, operationId, tagOf } from './names.ts';
import { mayRefuse, needsScope } from './reasons.ts';
import type { Refusals } from './refused.ts';
import { withoutNull, type Schemas } from './schemas.ts';

/** Paths by their pattern. */
export function pathsOf(surface: Surface, refused: Refusals, schemas: Schemas): Paths {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of surface.routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(surface, route, refused, schemas) };
  }
  return paths;
}

function operationOf(surface: Surface, route: Route, refused: Refusals, schemas: Schemas): Operation {
  const parameters = [...pathParameters(route), ...queryParameters(route, schemas), ...headerParameters(route)];
  const body = route.body ? schemas.taken(route.body) : null;
  const wanted = Boolean(body?.required?.length);
  const scope = needsScope(surface, route) && route.keyless !== 'always' ? { 'x-scope': route.scope } : {};
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: whoMay(surface, route),
    tags: [tagOf(route)],
    ...scope,
    security: securityOf(surface, route),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: wanted, content: { 'application/json': { schema: body } } } } : {}),
    responses: { ...answersOf(surface, route, schemas), ...refusedAnswers(surface, route, refused) },
  };
}

function whoMay(surface: Surface, route: Route): string {
  if (route.keyless === 'always') return 'Takes no key.';
  const whose = route.holder === 'affiliate' ? "Takes an affiliate's own key" : 'Takes a key of the workspace';
  const scope = needsScope(surface, route) ? ` with the permission \`${route.scope}\`` : '';
  return `${whose}${scope}${route.keyless === 'allowed' ? ', or none' : ''}.`;
}

/** OpenAPI 3.1 lets a bearer scheme name what a key must be allowed to. */
function securityOf(surface: Surface, route: Route): Operation['security'] {
  if (route.keyless === 'always') return [];
  const scheme = route.holder === 'affiliate' ? affiliatesOf(surface.name) : surface.name;
  const needed = { [scheme]: needsScope(surface, route) ? [route.scope] : [] };
  return route.keyless === 'allowed' ? [needed, {}] : [needed];
}

const LONGEST_PARAMETER = 512;

function pathParameters({ path }: Route): Parameter[] {
  const words = path.split('/');
  return words.flatMap((word, at) => {
    if (!word.startsWith(':')) return [];
    const before = words.slice(0, at).findLast((one) => !one.startsWith(':')) ?? '';
    const said = before.endsWith('s') ? { description: `One of the ${before.replaceAll('_', ' ')}.` } : {};
    const schema = { type: 'string', minLength: 1, maxLength: LONGEST_PARAMETER };
    return [{ name: word.slice(1), in: 'path', required: true, ...said, schema }];
  });
}

function queryParameters({ query }: Route, schemas: Schemas): Parameter[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemas.taken(query);
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = withoutNull(property);
    const said = description === undefined ? {} : { description };
    return { name, in: 'query', required: required.includes(name), ...said, schema };
  });
}

/** Only asked for where the workspace wants requests signed. */
function headerParameters({ signed }: Route): Parameter[] {
  if (!signed) return [];
  const wanted = 'Where the workspace asks for signed requests:';
  const said = {
    [signed.timestamp]: `${wanted} now, in Unix seconds.`,
    [signed.signature]: `${wanted} the hex HMAC-SHA256 of the timestamp, a dot and the body.`,
  };
  return Object.entries(said).map(([name, description]) => {
    return { name, in: 'header', required: false, description, schema: { type: 'string' } };
  });
}

function answersOf(surface: Surface, { answers, contentType }: Route, schemas: Schemas): Record<string, Answer> {
  const headers = headersFor(surface, false);
  const [type = 'application/json'] = contentType?.split(';') ?? [];
  const said = Object.entries(answers).map(([status, answer]): [string, Answer] => {
    const schema = schemas.given(answer);
    const content = schema === null ? {} : { content: { [type]: { schema } } };
    return [status, { description: meaningOf(Number(status), answers), headers, ...content }];
  });
  return Object.fromEntries(said);
}

function meaningOf(status: number, answers: object): string {
  if (status === 201) return 'Made.';
  if (status === 204) return 'Done; without a body.';
  return status === 200 && 201 in answers ? 'It was there already.' : 'Done.';
}

function refusedAnswers(surface: Surface, route: Route, refused: Refusals): Record<string, Ref> {
  const own = refused.of(route).filter(({ reasons }) => reasons.some((reason) => mayRefuse(surface, route, reason)));
  return Object.fromEntries(
    own.map(({ status, name }) => [String(status), { $ref: `#/components/responses/${name}` }]),
  );
}
