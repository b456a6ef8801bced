/** Schemas as a person reads them: each field with its type, its bounds and what it means. */
import { html, type Html } from '../html.ts';
import type { Parameter } from './document.ts';
import type { Schema } from './schemas.ts';

const nothing = html``;

function join(parts: readonly Html[], between: string): Html {
  return html`${parts.map((part, at) => (at === 0 ? part : html`${between}${part}`))}`;
}

const code = (value: unknown): Html => html`<code>${typeof value === 'string' ? value : JSON.stringify(value)}</code>`;

/** Where a named schema stands on the page. */
export const anchorOf = (name: string): string => `object-${name}`;

const nameIn = ({ $ref = '' }: Schema): string => $ref.split('/').at(-1) ?? '';

/** A link to a named schema, or the type in a few words. */
export function typeOf(schema: Schema): Html {
  if (schema.$ref !== undefined) return html`<a href="#${anchorOf(nameIn(schema))}">${nameIn(schema)}</a>`;
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return join(variants.map(typeOf), ' or ');
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return html`one of ${join(schema.enum.map(code), ', ')}`;
  if (schema.items) return html`list of ${typeOf(schema.items)}`;
  const types = [schema.type ?? 'anything'].flat();
  return html`${types.join(' or ')}${schema.format ? ` (${schema.format})` : ''}`;
}

const MOST_EXAMPLES = 12;

/** Bounds, examples and defaults, each in a few words. */
function boundsOf(schema: Schema): readonly string[] {
  const { minimum, maximum, exclusiveMinimum, minLength, maxLength, maxItems, pattern } = schema;
  const told: readonly (readonly [unknown, string])[] = [
    [minimum, `at least ${minimum}`],
    [exclusiveMinimum, `above ${exclusiveMinimum}`],
    [maximum, `at most ${maximum}`],
    [minLength, `at least ${minLength} characters`],
    [maxLength, `at most ${maxLength} characters`],
    [maxItems, `at most ${maxItems} members`],
    [pattern, `matches ${pattern}`],
    [schema.examples, `such as ${(schema.examples ?? []).slice(0, MOST_EXAMPLES).join(', ')}`],
    [schema.default, `default ${JSON.stringify(schema.default)}`],
  ];
  return told.flatMap(([value, words]) => (value === undefined ? [] : [words]));
}

/** What stands beside a field: of what is sent which must be, of what is answered which may be missing. */
export type Side = 'sent' | 'answered';

function markOf(needed: boolean, side: Side): Html | null {
  if (needed === (side === 'answered')) return null;
  return side === 'sent' ? html` <strong>required</strong>` : html` <span class="type">not always</span>`;
}

type Field = { readonly name: string; readonly schema: Schema; readonly needed: boolean; readonly said: string };

function row({ name, schema, needed, said }: Field, side: Side): Html {
  const bounds = boundsOf(schema);
  return html`<div class="field">
    <dt>
      <code>${name}</code>
      <span class="type">${typeOf(schema)}</span>${markOf(needed, side)}
    </dt>
    <dd>
      ${said === '' ? null : html`<p>${said}</p>`}${bounds.length > 0 ? html`<p class="bounds">${bounds.join('; ')}</p>` : null}${inside(schema, side)}
    </dd>
  </div> `;
}

/** The fields of an object that stands where it is used. */
function inside(schema: Schema, side: Side): Html {
  if (schema.items) return inside(schema.items, side);
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return html`${variants.map((one) => inside(one, side))}`;
  return schema.properties ? fieldsOf(schema, side) : nothing;
}

/** Every field of an object. */
export function fieldsOf(schema: Schema, side: Side): Html {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants?.some(({ properties }) => properties))
    return join(
      variants.map((one) => fieldsOf(one, side)),
      'or',
    );
  const { properties, required = [] } = schema;
  if (schema.items?.properties)
    return html`<p>A list, each of:</p>
      ${fieldsOf(schema.items, side)}`;
  if (!properties) return html`<p>${typeOf(schema)}</p>`;
  const fields = Object.entries(properties).map(([name, one]) => ({
    name,
    schema: one,
    needed: required.includes(name),
    said: one.description ?? '',
  }));
  return html`<dl>${fields.map((field) => row(field, side))}</dl>`;
}

/** Parameters of a path or a query. */
export function parametersOf(parameters: readonly Parameter[]): Html {
  const fields = parameters.map(({ name, schema, required, description = '' }) => ({
    name,
    schema,
    needed: required,
    said: description,
  }));
  return html`<dl>${fields.map((field) => row(field, 'sent'))}</dl>`;
}
