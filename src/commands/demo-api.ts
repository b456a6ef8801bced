/** The API as any backend uses it: a key, JSON, and every refusal told as it was said. */
import { z } from 'zod';
import { DemoError } from './demo-child.ts';

export type Api = {
  /** `data` of the answer, read by the schema. Throws a `DemoError` with what the service said when it refuses. */
  post<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T>;
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  /** How many things an offset list has, and its first page. */
  list<T>(path: string, schema: z.ZodType<T>): Promise<{ rows: T[]; total: number }>;
};

const envelope = z.object({
  success: z.boolean(),
  data: z.unknown(),
  pagination: z.object({ total: z.number() }).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

export function openApi(url: string, key: string): Api {
  const ask = async (method: string, path: string, body?: object): Promise<z.infer<typeof envelope>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer = envelope.parse(await response.json());
    if (answer.success) return answer;
    throw new DemoError(
      `${method} ${path} was refused: ${answer.error?.code} (${response.status}): ${answer.error?.message}`,
    );
  };
  return {
    post: async (path, body, schema) => schema.parse((await ask('POST', path, body)).data),
    get: async (path, schema) => schema.parse((await ask('GET', path)).data),
    async list(path, schema) {
      const { data, pagination } = await ask('GET', path);
      return { rows: z.array(schema).parse(data), total: pagination?.total ?? 0 };
    },
  };
}
