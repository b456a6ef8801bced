/** What Hoko's routes say of themselves is true: each has an example, whose answer has the schema it names, to the field. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hoko } from '../../../src/surfaces/hoko/index.ts';
import { examples } from '../../contract/examples/hoko.ts';
import { createDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/server.ts';
import { openShop, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;

beforeAll(async () => {
  db = await createDatabase();
  shop = await openShop(db, { workspace: 'reference' });
});

afterAll(async () => {
  await shop.site.close();
  await db.drop();
});

test('there is an example of every operation, and of nothing else', () => {
  const named = hoko.routes.map(({ method, path }) => `${method} ${path}`);
  expect(examples.map(({ operation }) => operation).toSorted()).toEqual(named.toSorted());
});

describe.each(examples)('$operation', ({ operation, status, prepare }) => {
  const route = hoko.routes.find(({ method, path }) => `${method} ${path}` === operation);

  test('can be described', () => {
    expect(route?.summary).toMatch(/^\p{Lu}.{5,}\.$/u);
    for (const schema of [route?.query, route?.body]) {
      if (!schema) continue;
      const { properties, items } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      const fields = Object.values(properties ?? (items as { properties?: object } | undefined)?.properties ?? {});
      expect(fields.length > 0 || operation.startsWith('DELETE')).toBe(true);
      for (const field of fields as object[]) expect(Object.keys(field)).not.toEqual([]);
    }
    for (const schema of Object.values(route?.answers ?? {})) expect(z.toJSONSchema(schema)).toBeTypeOf('object');
  });

  test('is answered as it says', async () => {
    const call = await prepare({
      site: shop.site,
      call: (method, { path, body }) =>
        shop.site.send(method, `/hoko${path}`, body === undefined ? undefined : JSON.stringify(body)),
      fresh: (word) => `${word}-${(fresh += 1)}`,
    } as Parameters<typeof prepare>[0]);
    const [method = ''] = operation.split(' ');
    const sent = call.body === undefined ? undefined : JSON.stringify(call.body);
    const answer = await shop.site.send(method, `/hoko${call.path}`, sent);
    expect([answer.status, answer.headers.get('x-error-reason')]).toEqual([status, null]);
    // What a schema does not know is left out by it.
    expect(route?.answers?.[status]?.parse(answer.body)).toEqual(answer.body);
    expect(answer.text.length).toBeGreaterThan(20);
  });
});

let fresh = 0;
