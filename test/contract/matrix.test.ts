/**
 * Every operation of every dialect, damaged in every documented way: no key, a wrong one, one of another family or without
 * the permission, bodies that are none, fields that are unknown or null, and ids of another workspace. What must happen
 * follows from the routes, so a new route or dialect is held to it by having an example.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyFamily } from '../../src/core/families.ts';
import { refuse, type Reason } from '../../src/core/refusals.ts';
import { createKey } from '../../src/pipeline/keys.ts';
import { families } from '../../src/surfaces/index.ts';
import { needsScope } from '../../src/web/reference/reasons.ts';
import type { Schema } from '../../src/web/reference/schemas.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import type { Answer } from '../web/site.ts';
import type { ExampleCall } from './examples/example.ts';
import {
  allDialects,
  changed,
  createJudge,
  faultsOf,
  fieldsOf,
  fieldsSchema,
  keyOf,
  nameOf,
  openWorkspace,
  operationOf,
  parametersIn,
  send,
  type Workspace,
} from './play.ts';
import { everythingOf, leaksIn, strange, textsOf } from './strangers.ts';

const dialects = (await allDialects()).filter(({ examples }) => (examples ?? []).length > 0);

/** Where a value must be named to be changed, and null is none: everywhere else it is as good as absent. */
const NULL_IS_REFUSED = ['tributary PATCH /v1/program/settings'];

/**
 * Operation and field in which null says something: Hoko tells a customer that is none from one that is left as it is, and
 * Affonso refuses a change of its form that says nothing, of which clearing the description is none.
 */
const NULL_SAYS_SOMETHING: Readonly<Record<string, RegExp>> = {
  hoko: / \w*customer\w*$/i,
  affonso: /PATCH \/v1\/onboarding-form description$/,
};

for (const dialect of dialects)
  describe(`${dialect.name}`, () => {
    const { name, surface, document, examples } = dialect;
    const judge = createJudge(document);
    let db: TestDatabase;
    let own: Workspace;
    let other: Workspace;

    beforeAll(async () => {
      db = await createDatabase();
      own = await openWorkspace(db, dialect, 'inside');
      other = await openWorkspace(db, dialect, 'beyond');
    });

    afterAll(async () => {
      await own.site.close();
      await other.site.close();
      await db.drop();
    });

    const plays = (examples ?? []).map((example) => {
      const route = surface.routes.find((one) => nameOf(one) === example.operation);
      if (!route) throw new Error(`${name} has no ${example.operation}`);
      return { example, route, operation: operationOf(document, route), said: `${name} ${example.operation}` };
    });
    type Play = (typeof plays)[number];

    function each(those: readonly Play[], damage: string, check: (play: Play) => Promise<void>): void {
      for (const play of those) test(`${play.said}: ${damage}`, () => check(play));
    }

    const prepared = ({ example }: Play, workspace = own): Promise<ExampleCall> => example.prepare(workspace.stage);
    const usual = (call: ExampleCall): string | null => keyOf(own.site, call, own.affiliatesKey);
    const call = (play: Play, asked: ExampleCall, key = usual(asked), raw?: string): Promise<Answer> =>
      send(own.site, surface, play.route.method, asked, key, raw);

    /** The answer is documented, to its last field. */
    function expectDocumented({ operation }: Play, answer: Answer): void {
      expect(faultsOf(judge, document, operation, answer)).toEqual([]);
      expect(answer.status).toBeLessThan(500);
    }

    function expectRefused(play: Play, answer: Answer, ...reasons: readonly Reason[]): void {
      const { problem } = { ...surface, ...play.route };
      const statuses = reasons.map((reason) => problem(refuse(reason, 'x', { field: 'body' }), 'req_1').status);
      expect([answer.text, statuses]).toEqual([answer.text, expect.arrayContaining([answer.status])]);
      expectDocumented(play, answer);
    }

    function expectDone(play: Play, answer: Answer): void {
      expect([answer.status, answer.text]).toEqual([play.example.status, answer.text]);
      expectDocumented(play, answer);
    }

    /** A key is of no account where none is looked at. */
    function expectKeyRefused(play: Play, answer: Answer, ...reasons: readonly Reason[]): void {
      if (play.route.keyless === 'always') expectDone(play, answer);
      else expectRefused(play, answer, ...reasons);
    }

    const keyFor = async (scopes: readonly string[], family: KeyFamily = surface.keys): Promise<string> =>
      (await own.site.keyFor(true, [...scopes], own.workspace, family)).key;

    each(plays, 'no key', async (play) => {
      const answer = await call(play, await prepared(play), null);
      if (play.route.keyless === undefined) expectRefused(play, answer, 'missing_key');
      // Without a key a call must name whose program it is for; the examples of keyed calls need not.
      else expectDocumented(play, answer);
    });

    each(plays, 'a key that nobody has', async (play) => {
      const stranger = `${surface.keys.beginnings.live}${'a'.repeat(38)}`;
      expectKeyRefused(play, await call(play, await prepared(play), stranger), 'unknown_key');
    });

    each(plays, 'a key of another family', async (play) => {
      for (const family of families.filter((one) => one.name !== surface.keys.name)) {
        const answer = await call(play, await prepared(play), await keyFor(['*'], family));
        expectKeyRefused(play, answer, 'unknown_key', 'malformed_key');
      }
    });

    each(plays, 'a key without the permission', async (play) => {
      const { route } = play;
      const asked = await prepared(play);
      if (!needsScope(surface, route)) return expectDone(play, await call(play, asked, await poorKey(asked, [])));
      const others = surface.routes.map(({ scope }) => scope).filter((one) => !surface.keys.allows([one], route.scope));
      const answer = await call(
        play,
        asked,
        await poorKey(asked, others.slice(0, 1).length > 0 ? others.slice(0, 1) : ['-']),
      );
      if (route.keyless === 'always') return expectDone(play, answer);
      expectRefused(play, answer, 'missing_scope');
      expect(answer.text).toContain(route.scope);
    });

    /** A key of the kind that the call takes, with these permissions only. */
    async function poorKey({ key }: ExampleCall, scopes: readonly string[]): Promise<string> {
      if (key !== 'affiliate') return keyFor(scopes);
      const terms = { workspace: own.workspace, family: surface.keys, livemode: true, name: 'poor', scopes };
      return (await createKey(own.site.work, { ...terms, affiliateId: own.stage.affiliate })).key;
    }

    const holders = plays.filter(() => surface.keys.affiliateBeginnings !== null);
    each(holders, 'the key of the wrong holder', async (play) => {
      const wrong = play.route.holder === 'affiliate' ? own.site.live : own.affiliatesKey;
      expectKeyRefused(play, await call(play, await prepared(play), wrong), 'unknown_key');
    });

    const withBody = plays.filter(({ route }) => route.body !== undefined);

    each(withBody, 'a body that is no JSON', async (play) => {
      const asked = await prepared(play);
      for (const raw of ['{"broken', '{"a":1,}', 'amount=1', '\u0000'])
        expectRefused(play, await call(play, asked, usual(asked), raw), 'malformed_json');
    });

    each(withBody, 'a body of another kind', async (play) => {
      const asked = await prepared(play);
      const other = play.operation.requestBody?.content['application/json'].schema.items ? ['{}'] : ['[]', '[{}]'];
      for (const raw of [...other, '"text"', '1', 'true', 'null'])
        expectRefused(play, await call(play, asked, usual(asked), raw), 'invalid_input');
    });

    each(plays, 'unknown fields', async (play) => {
      const { path, body, ...rest } = await prepared(play);
      const strangePath = `${path}${path.includes('?') ? '&' : '?'}nobody_knows=1&__proto=x`;
      const wider = changed(body, (fields) => ({ ...fields, nobody_knows: 1, '': [{}] }));
      const more = body === undefined ? {} : { body: wider };
      const answer = await call(play, { ...rest, path: strangePath, ...more });
      if (fieldsSchema(play.operation)?.additionalProperties === false) expectRefused(play, answer, 'invalid_input');
      else expectDone(play, answer);
    });

    each(withBody, 'null in every field that may be left out', async (play) => {
      const { properties = {}, required = [] } = fieldsSchema(play.operation) ?? {};
      const optional = Object.keys(properties).filter((field) => !required.includes(field));
      const ask = async (change: Parameters<typeof changed>[1]): Promise<Answer> => {
        const asked = await prepared(play);
        return call(play, { ...asked, body: changed(asked.body, change) });
      };
      for (const fields of [...optional.map((field) => [field]), optional]) {
        const isNull = await ask((sent) => ({ ...sent, ...Object.fromEntries(fields.map((field) => [field, null])) }));
        expectDocumented(play, isNull);
        const refused = fields.filter((field) => !takesNull(properties[field]));
        if (refused.length > 0) {
          expect([refused, NULL_IS_REFUSED]).toEqual([refused, expect.arrayContaining([play.said])]);
          expectRefused(play, isNull, 'invalid_input');
        } else if (!fields.some((field) => NULL_SAYS_SOMETHING[name]?.test(`${play.said} ${field}`))) {
          const absent = await ask((sent) => without(sent, fields));
          // A change may take away what null names; what is made has nothing yet to take away.
          const mayClear = ['PUT', 'PATCH'].includes(play.route.method);
          const shown = mayClear ? cleared(skeleton(isNull.body), skeleton(absent.body)) : skeleton(absent.body);
          expect([fields, isNull.status, skeleton(isNull.body)]).toEqual([fields, absent.status, shown]);
        }
      }
    });

    each(plays, 'null in fields that are needed', async (play) => {
      const { required = [] } = fieldsSchema(play.operation) ?? {};
      for (const field of required) {
        const asked = await prepared(play);
        const answer = await call(play, {
          ...asked,
          body: changed(asked.body, (sent) => ({ ...sent, [field]: null })),
        });
        expectRefused(play, answer, 'invalid_input', 'missing_identifier');
      }
    });

    /** A caller without a key says whose program a call is for: there is no workspace of the caller's own. */
    const kept = plays.filter(({ route }) => route.keyless !== 'always');

    each(kept, 'what is of another workspace', async (play) => {
      await prepared(play);
      const theirs = await prepared(play, other);
      const before = await everythingOf(db.database, other.workspace);
      const secrets = await textsOf(db.database, other.workspace);
      const known = [...(await textsOf(db.database, own.workspace))].join('\n');
      const key = theirs.key === 'affiliate' ? own.affiliatesKey : own.site.live;

      const answer = await call(play, theirs, key);
      expectDocumented(play, answer);
      if (parametersIn(play.route, theirs.path).length > 0 && !WORDS.test(play.route.path))
        expectRefused(play, answer, 'not_found');
      const asked = `${decodeURIComponent(theirs.path)} ${JSON.stringify(theirs.body)}`;
      expect(leaksIn(answer.text, asked, secrets, known)).toEqual([]);
      expect(await everythingOf(db.database, other.workspace)).toBe(before);
    });

    each(kept, 'an id of another workspace is as good as one that nobody has', async (play) => {
      const theirs = await prepared(play, other);
      const before = await everythingOf(db.database, other.workspace);
      for (const place of placesOf(play, await prepared(play), theirs)) {
        const said: string[] = [];
        for (const value of [valueAt(theirs, place), strange(valueAt(theirs, place))]) {
          const mine = await prepared(play);
          const answer = await call(play, put(mine, place, value));
          expectDocumented(play, answer);
          said.push(`${answer.status} ${blurred(answer, [String(value), ...parametersIn(play.route, mine.path)])}`);
        }
        expect([place, said[0]]).toEqual([place, said[1]]);
      }
      expect(await everythingOf(db.database, other.workspace)).toBe(before);
    });

    /** Where the calls of two workspaces differ: parameters of the path, of the query, and fields of the body. */
    function placesOf({ route }: Play, mine: ExampleCall, theirs: ExampleCall): readonly Place[] {
      const words = route.path
        .split('/')
        .flatMap((word, at) => (word.startsWith(':') ? [{ in: 'path', at } as const] : []));
      const query = [...new URLSearchParams(mine.path.split('?')[1] ?? '').keys()];
      const fields = Object.keys(fieldsOf(mine.body));
      const member = Array.isArray(mine.body) && fields.length === 0 ? [{ in: 'member' } as const] : [];
      const all: readonly Place[] = [
        ...words,
        ...query.map((at) => ({ in: 'query', at }) as const),
        ...fields.map((at) => ({ in: 'body', at }) as const),
        ...member,
      ];
      const scalar = (value: unknown): boolean =>
        ['string', 'number'].includes(typeof value) && !DAY.test(String(value));
      return all.filter((place) => {
        const [a, b] = [valueAt(mine, place), valueAt(theirs, place)];
        return scalar(a) && scalar(b) && a !== b;
      });
    }
  });

/** Parameters that are words of the caller's own: nobody's ids. */
const WORDS = /:(emailTypeId|source)\b/;

/** No id begins with a day. */
const DAY = /^\d{4}-\d\d-\d\d/;

type Place =
  | { readonly in: 'path'; readonly at: number }
  /** The first of a list without fields. */
  | { readonly in: 'member' }
  | { readonly in: 'query' | 'body'; readonly at: string };

function valueAt({ path, body }: ExampleCall, place: Place): unknown {
  const [bare = '', query = ''] = path.split('?');
  if (place.in === 'path') return bare.split('/')[place.at];
  if (place.in === 'query') return new URLSearchParams(query).get(place.at);
  if (place.in === 'member') return (body as readonly unknown[])[0];
  return fieldsOf(body)[place.at];
}

function put(asked: ExampleCall, place: Place, value: unknown): ExampleCall {
  const [bare = '', query = ''] = asked.path.split('?');
  if (place.in === 'member') return { ...asked, body: [value] };
  if (place.in === 'body') return { ...asked, body: changed(asked.body, (sent) => ({ ...sent, [place.at]: value })) };
  if (place.in === 'path') {
    const words = bare.split('/').with(place.at, String(value)).join('/');
    return { ...asked, path: query === '' ? words : `${words}?${query}` };
  }
  const params = new URLSearchParams(query);
  params.set(place.at, String(value));
  return { ...asked, path: `${bare}?${params.toString()}` };
}

/** A refusal word for word without ids and the request's own; of a success only its shape, for it has ids of its own. */
function blurred({ status, text, body }: Answer, ids: readonly string[]): string {
  if (status < 400) return JSON.stringify(skeleton(body));
  const shown = ids.flatMap((id) => [id, decodeURIComponent(id), JSON.stringify(id).slice(1, -1)]);
  return shown.reduce((said, one) => said.replaceAll(one, '<id>'), text).replaceAll(/req_\w+/g, '<request>');
}

const takesNull = (schema: Schema | undefined): boolean =>
  schema === undefined ||
  Object.keys(schema).every((word) => word === 'description') ||
  [schema.type].flat().includes('null') ||
  (schema.anyOf ?? schema.oneOf ?? []).some(takesNull);

const without = (body: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([field]) => !fields.includes(field)));

/** The names in a body and the kinds of their values; of a list its first member. */
function skeleton(body: unknown): unknown {
  if (Array.isArray(body)) return body.slice(0, 1).map(skeleton);
  if (typeof body !== 'object' || body === null) return body === null ? 'null' : typeof body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, skeleton(value)]));
}

/** The second with null wherever the first has it. */
function cleared(first: unknown, second: unknown): unknown {
  if (first === 'null' || typeof second !== 'object' || second === null || typeof first !== 'object' || first === null)
    return first === 'null' ? 'null' : second;
  if (Array.isArray(second)) return Array.isArray(first) ? second.map((one, at) => cleared(first[at], one)) : second;
  const other = first as Record<string, unknown>;
  return Object.fromEntries(Object.entries(second).map(([name, value]) => [name, cleared(other[name], value)]));
}
