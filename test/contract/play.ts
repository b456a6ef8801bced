/** Plays the examples of the dialects: their routes, documents and examples side by side, and a workspace to play in. */
import { readdir } from 'node:fs/promises';
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { createKey } from '../../src/pipeline/keys.ts';
import { surfaces } from '../../src/surfaces/index.ts';
import type { Route, Surface } from '../../src/surfaces/surface.ts';
import { admin } from '../../src/web/admin/index.ts';
import type { Answer as Documented, Document, Operation } from '../../src/web/reference/document.ts';
import { documentOf } from '../../src/web/reference/openapi.ts';
import type { Schema } from '../../src/web/reference/schemas.ts';
import type { TestDatabase } from '../support/server.ts';
import { furnish, openSite, type Answer, type Site } from '../web/site.ts';
import type { Example, ExampleCall, ExampleStage } from './examples/example.ts';

export type Dialect = {
  readonly name: string;
  readonly surface: Surface;
  readonly document: Document;
  /** null: there is no file of examples. */
  readonly examples: readonly Example[] | null;
};

/** Every dialect and our own endpoints, with the examples that the folder has for them. */
export async function allDialects(): Promise<readonly Dialect[]> {
  const folder = new URL('examples/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name !== 'example.ts');
  const found = new Map<string, readonly Example[]>();
  for (const file of files) {
    const { examples } = (await import(new URL(file, folder).href)) as { examples: readonly Example[] };
    found.set(file.replace(/\.ts$/, ''), examples);
  }
  const all = [admin, ...surfaces];
  const strangers = [...found.keys()].filter((name) => !all.some((one) => one.name === name));
  if (strangers.length > 0) throw new Error(`there are examples of no dialect: ${strangers.join(', ')}`);
  return all.map((surface) => ({
    name: surface.name,
    surface,
    document: documentOf(surface, [{ url: 'http://127.0.0.1', description: 'The test.' }]),
    examples: found.get(surface.name) ?? null,
  }));
}

export const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

/** The operation of a document that describes a route. */
export function operationOf({ paths }: Document, { method, path }: Route): Operation {
  const found = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  if (!found) throw new Error(`${method} ${path} is not documented`);
  return found;
}

/** Whether a path is one of this route: literal words must be the same. */
export function fits({ path }: Route, given: string): boolean {
  const [bare = ''] = given.split('?');
  return new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/:\w+/g, '[^/]+')}$`).test(bare);
}

/** The values of `:name` parameters in a path, as they are sent. */
export function parametersIn({ path }: Route, given: string): readonly string[] {
  const words = given.split('?')[0]?.split('/') ?? [];
  return path.split('/').flatMap((word, at) => (word.startsWith(':') ? [words[at] ?? ''] : []));
}

/** A workspace with everything that examples take as given: an approved affiliate, who earns 30 % of everything. */
export async function openWorkspace(db: TestDatabase, { surface }: Dialect, workspace: string) {
  const site = await openSite(db, { workspace, family: surface.keys });
  await furnish(site.stage, `${workspace}-`);
  const affiliate = `${workspace}-jane`;
  const affiliates = surface.keys.affiliateBeginnings
    ? (await createKey(site.work, { ...keyTerms(surface, workspace), affiliateId: affiliate })).key
    : null;
  const stage = createExampleStage(site, surface, affiliate, affiliates);
  return { workspace, site, stage, affiliatesKey: affiliates };
}

export type Workspace = Awaited<ReturnType<typeof openWorkspace>>;

const keyTerms = ({ keys: family }: Surface, workspace: string) => ({
  workspace,
  family,
  livemode: true,
  name: 'of the examples',
  scopes: ['*'],
});

let made = 0;

function createExampleStage(
  site: Site,
  surface: Surface,
  affiliate: string,
  affiliatesKey: string | null,
): ExampleStage {
  return {
    site,
    affiliate,
    fresh: (word) => `${word}-${site.stage.workspace}-${(made += 1)}`,
    call: (method, call) => send(site, surface, method, call, keyOf(site, call, affiliatesKey)),
  };
}

/** The key that a call asks for; null: none. */
export function keyOf(site: Site, { key }: ExampleCall, affiliatesKey: string | null): string | null {
  if (key === 'none') return null;
  return key === 'affiliate' ? affiliatesKey : site.live;
}

/** Sends a call to the dialect's prefix. `raw`: a body that is not what a program would write. */
export function send(
  site: Site,
  { keys }: Surface,
  method: string,
  { path, body }: ExampleCall,
  key: string | null,
  raw?: string,
): Promise<Answer> {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return site.send(method, `/${keys.name}${path}`, text, { key });
}

/** The schema of a body's fields; of a body that is a list, those of its members. */
export function fieldsSchema({ requestBody }: Operation): Schema | undefined {
  const schema = requestBody?.content['application/json'].schema;
  return schema?.items ?? schema;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The fields of a body, or of the first member of one that is a list; none where it has no fields. */
export function fieldsOf(body: unknown): Fields {
  const first: unknown = Array.isArray(body) ? body[0] : body;
  return isObject(first) ? first : {};
}

/** The body with its fields changed. */
export function changed(body: unknown, change: (fields: Fields) => Fields): unknown {
  if (Array.isArray(body)) return body.map((one: unknown) => (isObject(one) ? change(one) : one));
  return change(fieldsOf(body));
}

/** Sets every object of known fields shut, so that an answer with a field too many is seen. */
function sealed(schema: Schema): Schema {
  const { properties, additionalProperties, items, anyOf, oneOf } = schema;
  const open = properties === undefined || additionalProperties !== undefined;
  return {
    ...schema,
    ...(properties
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, sealed(one)])) }
      : {}),
    ...(open ? {} : { additionalProperties: false }),
    ...(items ? { items: sealed(items) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(sealed) } : {}),
    ...(oneOf ? { oneOf: oneOf.map(sealed) } : {}),
  };
}

/** What is wrong with a value, by a document's schemas. `exact`: fields that are not documented are wrong. */
export function createJudge({ components }: Document) {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  formats.default(ajv);
  ajv.addVocabulary(['components', 'example']);
  const known = new Map<string, ValidateFunction>();
  const all = (shut: boolean): unknown =>
    Object.fromEntries(
      Object.entries(components.schemas).map(([name, schema]) => [name, shut ? sealed(schema) : schema]),
    );
  const shapes = { open: all(false), exact: all(true) };
  return (schema: Schema, value: unknown, way: 'open' | 'exact'): readonly string[] => {
    const name = `${way} ${JSON.stringify(schema)}`;
    const own = way === 'exact' ? sealed(schema) : schema;
    const validate = known.get(name) ?? ajv.compile({ ...own, components: { schemas: shapes[way] } } as AnySchema);
    known.set(name, validate);
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${instancePath || '(all)'} ${message} ${JSON.stringify(params)}`.trim(),
    );
  };
}

export type Judge = ReturnType<typeof createJudge>;

/** What is documented of an operation's answer of this status; undefined: the status is not. */
export function answerOf({ components }: Document, operation: Operation, status: number): Documented | undefined {
  const answer = operation.responses[String(status)];
  return answer && '$ref' in answer ? components.responses[answer.$ref.split('/').at(-1) ?? ''] : answer;
}

/** What is wrong with an answer, by the document of its operation; empty: nothing is. */
export function faultsOf(judge: Judge, document: Document, operation: Operation, answer: Answer): readonly string[] {
  const documented = answerOf(document, operation, answer.status);
  const shown = answer.text.slice(0, 1000);
  if (!documented) return [`status ${answer.status} is not documented: ${shown}`];
  const [content] = Object.entries(documented.content ?? {});
  if (!content) return answer.text === '' ? [] : [`a body where none is documented: ${shown}`];
  const [type, { schema }] = content;
  const sent = answer.headers.get('content-type')?.split(';')[0];
  if (sent !== type) return [`${sent} instead of ${type}: ${shown}`];
  const value = type === 'application/json' ? answer.body : answer.text;
  return judge(schema, value, 'exact').map((fault) => `${fault} in ${shown}`);
}
