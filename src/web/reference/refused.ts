/**
 * How a dialect refuses, as schemas: every reason is put to `Surface.problem` in several words, and what the answers have
 * in common is what is documented. Nothing is written down by hand, so a new reason or dialect documents itself.
 */
import { REASONS, refuse, type Reason, type Refusal } from '../../core/refusals.ts';
import type { Route, Surface } from '../../surfaces/surface.ts';
import { operationId } from './names.ts';
import { BEFORE_FIELDS } from './reasons.ts';
import type { Schema } from './schemas.ts';

/** What a document calls it, and of which reasons it is told. */
export type Refused = {
  readonly name: string;
  readonly status: number;
  readonly reasons: readonly Reason[];
  readonly schema: Schema;
};

export type Refusals = {
  readonly all: readonly Refused[];
  /** Those of a route; most have what the surface has. */
  of(route: Route): readonly Refused[];
};

type Sample = { readonly reason: Reason; readonly value: unknown };
type Problem = Surface['problem'];

/** `fields`: names that a problem may be about. */
export function refusalsOf(surface: Surface, fields: readonly string[]): Refusals {
  const usual = toldBy(surface.problem, surface, fields);
  const own = new Map<Problem, readonly Refused[]>();
  for (const route of surface.routes) {
    if (!route.problem || own.has(route.problem)) continue;
    const suffix = operationId(route).replace(/^./, (letter) => letter.toUpperCase());
    const told = toldBy(route.problem, surface, fields);
    own.set(
      route.problem,
      told.map((one) => usual.find((other) => isSame(one, other)) ?? { ...one, name: `${one.name}${suffix}` }),
    );
  }
  return {
    all: [...new Set([...usual, ...[...own.values()].flat()])],
    of: ({ problem }) => (problem ? own.get(problem) : undefined) ?? usual,
  };
}

const isSame = (one: Refused, other: Refused): boolean => JSON.stringify(one) === JSON.stringify(other);

/** By status, lowest first. */
function toldBy(problem: Problem, { routes }: Surface, fields: readonly string[]): readonly Refused[] {
  const scopes = [...new Set(routes.map(({ scope }) => scope)), 'scope'];
  const samples = REASONS.flatMap((reason) =>
    putIn(reason, fields, scopes).flatMap((refusal) =>
      REQUESTS.map((requestId) => {
        const { status, body } = problem(refusal, requestId);
        return { reason, status, value: body };
      }),
    ),
  );
  const words = new Set([...SENTENCES, ...REQUESTS, ...scopes, 'body', ...fields]);
  const statuses = [...new Set(samples.map(({ status }) => status))].toSorted((a, b) => a - b);
  return statuses.map((status) => {
    const own = samples.filter((one) => one.status === status);
    const reasons = [...new Set(own.map(({ reason }) => reason))];
    return { name: `Refused${status}`, status, reasons, schema: schemaOf(own, words) };
  });
}

const SENTENCES = ['One sentence.', 'is required'];
const REQUESTS = ['req_1', 'req_2'];

/** The same reason in all the words in which it may come. */
function putIn(reason: Reason, fields: readonly string[], scopes: readonly string[]): readonly Refusal[] {
  const put = (more: readonly Omit<Refusal, 'refused' | 'message'>[]): readonly Refusal[] =>
    more.flatMap((one) => SENTENCES.map((message) => refuse(reason, message, one)));
  if (reason === 'missing_scope') return put(scopes.map((needs) => ({ needs })));
  if (reason === 'rate_limited') return put([{ retryAfter: 1 }, { retryAfter: 2 }]);
  const bare = put([{}]);
  if (BEFORE_FIELDS.includes(reason)) return bare;
  const about = ['body', ...fields].flatMap((field) =>
    SENTENCES.map((message) => refuse(reason, message, { field, details: [{ field, message }], missing: [field] })),
  );
  return [...bare, ...about];
}

/** What holds for all samples; a text that is the same however a reason is put is one of a few. */
function schemaOf(samples: readonly Sample[], words: ReadonlySet<string>): Schema {
  const values = samples.map(({ value }) => value);
  if (values.every((value) => typeof value === 'string')) return textSchema(samples, words);
  if (values.every((value) => typeof value === 'boolean'))
    return new Set(values).size === 1 ? { type: 'boolean', const: values[0] } : { type: 'boolean' };
  if (values.every((value) => typeof value === 'number')) return { type: 'number' };
  if (values.every((value) => Array.isArray(value)))
    return { type: 'array', items: schemaOf(samples.flatMap(membersOf), words) };
  if (values.every(isRecord)) return objectSchema(samples, words);
  return {};
}

function textSchema(samples: readonly Sample[], words: ReadonlySet<string>): Schema {
  const texts = [...new Set(samples.map(({ value }) => String(value)))];
  const first = new Map<Reason, unknown>();
  for (const { reason, value } of samples) if (!first.has(reason)) first.set(reason, value);
  const wavers = samples.some(({ reason, value }) => first.get(reason) !== value);
  if (!wavers) return texts.length === 1 ? { type: 'string', const: texts[0] } : { type: 'string', enum: texts };
  const known = texts.filter((text) => !words.has(text));
  return { type: 'string', ...(known.length > 0 ? { examples: known } : {}) };
}

function objectSchema(samples: readonly Sample[], words: ReadonlySet<string>): Schema {
  const records = samples.flatMap(({ value }) => (isRecord(value) ? [value] : []));
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const having = (name: string): Sample[] =>
    samples.flatMap(({ reason, value }) => (isRecord(value) && name in value ? [{ reason, value: value[name] }] : []));
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, schemaOf(having(name), words)])),
    required: names.filter((name) => records.every((record) => name in record)),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const membersOf = ({ reason, value }: Sample): Sample[] =>
  Array.isArray(value) ? value.map((one: unknown) => ({ reason, value: one })) : [];
