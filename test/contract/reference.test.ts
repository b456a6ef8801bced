/**
 * What we say of our API is true: the documents are valid OpenAPI 3.1, nothing is left out of them, and every operation has
 * an example whose request fits its schema, and whose real answer is documented to the last field.
 */
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families, surfaces } from '../../src/surfaces/index.ts';
import type { Operation } from '../../src/web/reference/document.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import {
  allDialects,
  createJudge,
  faultsOf,
  fieldsSchema,
  fits,
  nameOf,
  openWorkspace,
  operationOf,
  type Workspace,
} from './play.ts';

const dialects = await allDialects();
const operations = dialects.flatMap(({ name, surface, document }) =>
  surface.routes.map((route) => ({ name, document, route, called: `${name} ${nameOf(route)}` })),
);

test('there is a document of every dialect and one of our own endpoints', () => {
  expect(dialects.map(({ name }) => name)).toEqual(['tributary', ...surfaces.map(({ name }) => name)]);
});

test('every dialect has its examples', () => {
  const without = dialects.filter(({ examples, surface }) => examples === null && surface.routes.length > 0);
  expect(without.map(({ name }) => name)).toEqual([]);
});

for (const { name, document, surface } of dialects)
  describe(`${name}`, () => {
    test('is a valid OpenAPI 3.1 document', async () => {
      const validator = new Validator();
      const { valid, errors } = await validator.validate(
        structuredClone(document) as object as Record<string, unknown>,
      );
      expect(errors ?? []).toEqual([]);
      expect([valid, validator.version]).toEqual([true, '3.1']);
    });

    test('refers to nothing that is not there', () => {
      const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
      const missing = names.filter((path) => at(document, path.split('/')) === undefined);
      expect(missing).toEqual([]);
      expect(names.length > 0).toBe(true);
    });

    test('has a name of its own for every operation', () => {
      const ids = surface.routes.map((route) => operationOf(document, route).operationId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(Object.values(document.paths).flatMap((methods) => Object.keys(methods))).toHaveLength(ids.length);
    });

    test('tells the limits in its headers as the dialect does', () => {
      const told = Object.keys(document.components.headers).includes('X-RateLimit-Limit');
      expect(told).toBe(surface.limits.told);
      for (const route of surface.routes) {
        const headers = Object.values(operationOf(document, route).responses).flatMap((answer) =>
          'headers' in answer ? [Object.keys(answer.headers ?? {})] : [],
        );
        for (const names of headers) expect(names.includes('X-RateLimit-Reset')).toBe(surface.limits.told);
      }
    });

    test('says how its keys look', () => {
      const { securitySchemes } = document.components;
      const own = families.find(({ name }) => name === surface.keys.name);
      expect(Object.keys(securitySchemes)).toHaveLength(own?.affiliateBeginnings ? 2 : 1);
      expect(securitySchemes[surface.name]).toMatchObject({ type: 'http', scheme: 'bearer' });
      expect(securitySchemes[surface.name]?.['bearerFormat']).toContain(surface.keys.beginnings.live);
    });
  });

for (const { called, document, route } of operations)
  describe(`${called}`, () => {
    const operation: Operation = operationOf(document, route);

    test('says what it is for and what it answers', () => {
      expect(operation.summary).toMatch(/^\p{Lu}.{5,}\.$/u);
      const succeeding = Object.keys(operation.responses).filter((status) => Number(status) < 400);
      expect(succeeding).toEqual(Object.keys(route.answers ?? {}));
      expect(succeeding).not.toEqual([]);
    });

    test('names the key and the permission it needs, or none', () => {
      const keyless =
        operation.security.length === 0 || operation.security.some((one) => Object.keys(one).length === 0);
      expect(keyless).toBe(route.keyless !== undefined);
      for (const one of operation.security)
        for (const [scheme, scopes] of Object.entries(one)) {
          expect(document.components.securitySchemes).toHaveProperty(scheme);
          expect(scopes).toEqual(operation['x-scope'] === undefined ? [] : [route.scope]);
        }
    });

    test('describes every field it takes, and no field twice', () => {
      const names = (operation.parameters ?? []).map(({ in: place, name }) => `${place} ${name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(names.filter((name) => name.startsWith('path '))).toHaveLength(route.path.split(':').length - 1);
      expect(operation.requestBody !== undefined).toBe(route.body !== undefined);
      if (!operation.requestBody) return;
      const schema = fieldsSchema(operation);
      if (schema?.type === 'string') return;
      expect(Object.keys(schema?.properties ?? {})).not.toEqual([]);
      // A field of which nothing is said but that it is there helps nobody.
      const silent = Object.entries(schema?.properties ?? {}).filter(([, one]) => Object.keys(one).length === 0);
      expect(silent).toEqual([]);
    });
  });

const played = dialects.filter(({ examples }) => examples !== null);

for (const { name, surface, examples } of played)
  test(`${name} has an example of every operation, and of nothing else`, () => {
    const named = examples?.map(({ operation }) => operation) ?? [];
    expect(named.toSorted()).toEqual(surface.routes.map(nameOf).toSorted());
  });

for (const dialect of played)
  describe(`examples of ${dialect.name}`, () => {
    const { surface, document, examples } = dialect;
    const judge = createJudge(document);
    let db: TestDatabase;
    let own: Workspace;

    beforeAll(async () => {
      db = await createDatabase();
      own = await openWorkspace(db, dialect, 'examples');
    });

    afterAll(async () => {
      await own.site.close();
      await db.drop();
    });

    for (const example of examples ?? [])
      test(`${example.operation}`, async () => {
        const route = surface.routes.find((one) => nameOf(one) === example.operation);
        if (!route) throw new Error('the example is of an operation that is not there');
        const operation = operationOf(document, route);
        const call = await example.prepare(own.stage);
        expect([call.path, fits(route, call.path)]).toEqual([call.path, true]);
        expect(faultsOfRequest(operation, call)).toEqual([]);

        const answer = await own.stage.call(route.method, call);
        expect([answer.status, answer.text]).toEqual([example.status, answer.text]);
        expect(faultsOf(judge, document, operation, answer)).toEqual([]);
      });

    /** What of a request does not fit its schemas: a program that reads the document would not have sent it. */
    function faultsOfRequest(
      operation: Operation,
      { path, body }: { path: string; body?: unknown },
    ): readonly string[] {
      const { parameters = [], requestBody } = operation;
      const sent = [...new URLSearchParams(path.split('?')[1] ?? '')];
      const inQuery = parameters.filter((one) => one.in === 'query');
      const missing = inQuery.filter(({ name, required }) => required && !sent.some(([given]) => given === name));
      const wrong = sent.flatMap(([name, text]) => {
        const known = inQuery.find((one) => one.name === name);
        if (!known) return [`${name} is no parameter`];
        const value = known.schema.type === 'integer' ? Number(text) : text;
        return judge(known.schema, value, 'open').map((fault) => `${name}: ${fault}`);
      });
      const schema = requestBody?.content['application/json'].schema;
      return [
        ...missing.map(({ name }) => `${name} is missing`),
        ...wrong,
        ...(schema ? judge(schema, body ?? {}, 'exact') : []),
      ];
    }
  });

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined,
    value,
  );
}
