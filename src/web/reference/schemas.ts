/** zod schemas as the JSON Schema of OpenAPI 3.1: what has a name once in the document, everything else where it is used. */
import { z } from 'zod';

/** The parts of JSON Schema 2020-12 that our schemas use. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
};

export type Schemas = {
  /** What a request may send. */
  taken(schema: z.ZodType): Schema;
  /** What an answer has; fields may be added to it later. null: an answer without a body. */
  given(schema: z.ZodType): Schema | null;
  /** Every schema with a name that was met, by its name. */
  readonly named: Readonly<Record<string, Schema>>;
};

const NOWHERE = ['undefined', 'void', 'never'];

type Overridden = Parameters<NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>>[0];

/** A pattern of JSON Schema has no flags: one that ignores case would say too little. */
function override({ zodSchema, jsonSchema }: Overridden): void {
  const { patterns } = zodSchema._zod.bag as { readonly patterns?: ReadonlySet<RegExp> };
  if ([...(patterns ?? [])].some(({ flags }) => flags !== '')) delete jsonSchema.pattern;
  // What is transformed loses its examples and default, which are ours for what is sent.
  const { examples, default: absent } = (z.globalRegistry.get(zodSchema) ?? {}) as Schema;
  if (examples) jsonSchema.examples = [...examples];
  if (absent !== undefined) jsonSchema.default = absent as never;
}

/** JSON Schema of a zod schema: of what goes in, or of what comes out. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output') {
  return z.toJSONSchema(schema, { io, target: 'draft-2020-12', override });
}

/** Throws when two different schemas have the same name. */
export function createSchemas(): Schemas {
  const named: Record<string, Schema> = {};
  const known = new Map<z.ZodType, Schema>();
  const convert = (schema: z.ZodType, io: 'input' | 'output'): Schema => {
    const { $schema: _, $defs = {}, ...own } = jsonSchemaOf(schema, io);
    for (const [name, one] of Object.entries($defs)) {
      const found = tidied(one as Schema, io);
      if (JSON.stringify(named[name] ?? found) !== JSON.stringify(found))
        throw new Error(`two schemas are named ${name}`);
      named[name] = found;
    }
    return tidied(own as Schema, io);
  };
  return {
    named,
    taken(schema) {
      const found = known.get(schema) ?? convert(schema, 'input');
      known.set(schema, found);
      return found;
    },
    given: (schema) => (NOWHERE.includes(schema.def.type) ? null : convert(schema, 'output')),
  };
}

/** Without what says nothing: patterns of formats, bounds of JavaScript's numbers, `null` as a schema of its own. */
function tidied(schema: Schema, io: 'input' | 'output'): Schema {
  const { $ref, properties, items, anyOf, oneOf, allOf, additionalProperties, ...rest } = schema;
  const all = (list: readonly Schema[]): readonly Schema[] => list.map((one) => tidied(one, io));
  const more = typeof additionalProperties === 'object' ? tidied(additionalProperties, io) : additionalProperties;
  return nullable({
    ...($ref === undefined ? {} : { $ref: $ref.replace('#/$defs/', '#/components/schemas/') }),
    ...plain(rest),
    ...(properties === undefined ? {} : { properties: mapped(properties, (one) => tidied(one, io)) }),
    ...(isUsual(more, io, properties !== undefined) ? {} : { additionalProperties: more ?? true }),
    ...(items === undefined ? {} : { items: tidied(items, io) }),
    ...(anyOf === undefined ? {} : { anyOf: all(anyOf) }),
    ...(oneOf === undefined ? {} : { oneOf: all(oneOf) }),
    ...(allOf === undefined ? {} : { allOf: all(allOf) }),
  });
}

/** Requests may have more fields and answers may get some: only what is otherwise is said. */
function isUsual(more: Schema['additionalProperties'], io: 'input' | 'output', named: boolean): boolean {
  if (io === 'output') return more === undefined || more === false;
  return more === undefined || (named && typeof more === 'object' && Object.keys(more).length === 0);
}

const mapped = <T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

function plain(schema: Schema): Schema {
  const saysNothing = (name: string, value: unknown): boolean =>
    name === 'propertyNames' ||
    (name === 'pattern' && (schema.format !== undefined || schema.type !== 'string')) ||
    (name === 'default' && value === null) ||
    (name === 'minimum' && value === Number.MIN_SAFE_INTEGER) ||
    (name === 'maximum' && value === Number.MAX_SAFE_INTEGER);
  return Object.fromEntries(Object.entries(schema).filter(([name, value]) => !saysNothing(name, value)));
}

/** `anyOf [string, null]` → `type: [string, null]`, where nothing stands in the way. */
function nullable(schema: Schema): Schema {
  const { anyOf, ...rest } = schema;
  const [one, none, ...others] = anyOf ?? [];
  // A choice among choices is one choice.
  if (one?.anyOf && Object.keys(one).length === 1)
    return { ...rest, anyOf: [...one.anyOf, ...(anyOf?.slice(1) ?? [])] };
  if (typeof one?.type !== 'string' || one.const !== undefined || none?.type !== 'null' || others.length > 0)
    return schema;
  return {
    ...one,
    ...rest,
    type: [one.type, 'null'],
    ...(one.enum === undefined ? {} : { enum: [...one.enum, null] }),
  };
}

/** The schema without its `null`: in a query nothing can be null. */
export function withoutNull(schema: Schema): Schema {
  const { type, enum: words, ...rest } = schema;
  if (!Array.isArray(type)) return schema;
  const [only = 'string', ...others] = type.filter((one) => one !== 'null');
  const kept = words?.filter((word) => word !== null);
  return { ...rest, type: others.length === 0 ? only : [only, ...others], ...(kept ? { enum: kept } : {}) };
}
