/** What a call may look like: a value for a schema, and a line for a shell. */
import type { Document, Operation } from './document.ts';
import type { Schema } from './schemas.ts';

type Named = Document['components']['schemas'];

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-06-22T12:00:00.000Z',
  date: '2026-06-22',
  email: 'jane@example.com',
};

/** The schema behind a reference to a named one; any other is itself. */
export function behind(schema: Schema, named: Named): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (named[name] ?? {});
}

/** A value that fits. `brief`: of the fields that may be left out only those with an example of their own. */
export function sampleOf(schema: Schema, named: Named, brief: boolean): unknown {
  if (schema.$ref !== undefined) return sampleOf(behind(schema, named), named, brief);
  const [variant] = schema.anyOf ?? schema.oneOf ?? [];
  const told = [...(schema.examples ?? []), schema.const, schema.default, schema.enum?.[0]].find(
    (value) => value !== undefined,
  );
  if (told !== undefined) return told;
  if (variant) return sampleOf(variant, named, brief);
  const type = [schema.type ?? 'object'].flat()[0];
  if (type === 'array') return schema.items ? [sampleOf(schema.items, named, brief)] : [];
  if (type === 'object') return objectOf(schema, named, brief);
  if (type === 'boolean') return true;
  if (type === 'null') return null;
  if (type === 'number' || type === 'integer') return Math.max(1, schema.minimum ?? 1);
  return FORMATS[schema.format ?? ''] ?? '…';
}

const FIRST = 4;

function objectOf({ properties = {}, required = [] }: Schema, named: Named, brief: boolean): Record<string, unknown> {
  const all = Object.entries(properties);
  const told = all.filter(([name, { examples }]) => required.includes(name) || (brief && examples !== undefined));
  // An example without a field shows nothing; the first ones matter most.
  const shown = brief && told.length === 0 ? all.slice(0, FIRST) : told;
  return Object.fromEntries(shown.map(([name, one]) => [name, sampleOf(one, named, brief)]));
}

const SHORT = 60;

/** JSON as a person would write it: on one line while it is short. */
export function jsonText(value: unknown): string {
  const line = JSON.stringify(value);
  return line.length <= SHORT ? line : JSON.stringify(value, null, 2);
}

/** `curl` with everything that is needed; ids are variables of the shell, as the key is. */
export function curlOf(document: Document, path: string, method: string, operation: Operation): string {
  const [server] = document.servers;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`);
  const { parameters = [], requestBody, security } = operation;
  const wanted = parameters.filter(({ in: place, required }) => place === 'query' && required);
  const query = wanted.map(({ name, schema }) => `${name}=${String(sampleOf(schema, {}, true))}`).join('&');
  const url = `${server?.url ?? ''}${filled}${query === '' ? '' : `?${query}`}`;
  const body =
    requestBody && sampleOf(requestBody.content['application/json'].schema, document.components.schemas, true);
  const parts = [
    `curl${method === 'GET' ? '' : ` -X ${method}`} "${url}"`,
    ...(security.length > 0 ? ['-H "Authorization: Bearer $KEY"'] : []),
    ...(body === undefined
      ? []
      : ['-H "Content-Type: application/json"', `-d '${jsonText(body).replaceAll("'", String.raw`'\''`)}'`]),
  ];
  return parts.join(' \\\n  ');
}
