/** Objects whose fields are read one by one, described as if they were read at once. */
import { z } from 'zod';
import { jsonSchemaOf } from '../reference/schemas.ts';

/** What a schema takes, as a description that takes anything. */
export function describedAs(schema: z.ZodType): z.ZodType {
  const { $schema: _, ...described } = jsonSchemaOf(schema, 'input');
  return z.unknown().meta(described);
}

/**
 * Takes any object, so that a field that does not fit hides no other; the reference page shows the fields. `closed`: a
 * name that is not among them is refused by whoever reads them.
 */
export function objectOf(
  fields: Readonly<Record<string, z.ZodType>>,
  { closed = false }: { readonly closed?: boolean } = {},
): z.ZodType<Record<string, unknown>> {
  const { properties, required } = jsonSchemaOf(z.object(fields), 'input');
  return z.record(z.string(), z.unknown(), { error: 'must be an object' }).meta({
    properties,
    ...(required ? { required } : {}),
    ...(closed ? { additionalProperties: false } : {}),
  });
}
