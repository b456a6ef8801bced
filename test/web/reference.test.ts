/** The reference as it is served: documents for machines, pages for people, both without network, script or trust. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { native, surfaces } from '../../src/surfaces/index.ts';
import type { Surface } from '../../src/surfaces/surface.ts';
import type { Document } from '../../src/web/reference/document.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { openSite, type Answer, type Setting, type Site } from './site.ts';

const PUBLIC = 'https://money.example.com/commissions';
const NAMES = ['tributary', ...surfaces.map(({ name }) => name)];

let db: TestDatabase;
let site: Site;

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db, { publicUrl: PUBLIC });
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const get = (path: string, headers: Record<string, string> = {}, on = site): Promise<Answer> =>
  on.get(path, { key: null, headers });
const documentAt = async (name: string, on = site): Promise<Document> =>
  (await get(`/openapi/${name}.json`, {}, on)).body as unknown as Document;

/** Another installation in the same workspace. */
async function elsewhere(setting: Setting, look: (other: Site) => Promise<void>): Promise<void> {
  const other = await openSite(db, { work: site.work, ...setting });
  await look(other);
  await other.close();
}

describe('for machines', () => {
  test.each(['/openapi.json', '/openapi'])('%s lists every document', async (path) => {
    const { status, body } = await get(path);
    const documents = body['documents'] as readonly Record<string, string>[];
    expect([status, documents.map(({ name }) => name)]).toEqual([200, NAMES]);
    expect(documents.find(({ name }) => name === 'affixo')).toMatchObject({
      name: 'affixo',
      openapi: `${PUBLIC}/openapi/affixo.json`,
      page: `${PUBLIC}/docs/affixo`,
    });
  });

  test.each(NAMES)('/openapi/%s.json is its document, kept by whoever asked', async (name) => {
    const first = await get(`/openapi/${name}.json`);
    expect([first.status, first.body['openapi']]).toEqual([200, '3.1.1']);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(first.headers.get('access-control-allow-origin')).toBe('*');
    expect(first.headers.get('cache-control')).toMatch(/max-age=\d+/);
    const etag = first.headers.get('etag') ?? '';
    const again = await get(`/openapi/${name}.json`, { 'if-none-match': etag });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    const changed = await get(`/openapi/${name}.json`, { 'if-none-match': '"another"' });
    expect([changed.status, changed.text]).toEqual([200, first.text]);
    const head = await site.send('HEAD', `/openapi/${name}.json`, undefined, { key: null });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('the address that needs no thought comes first', async () => {
    const first = async (name: string): Promise<string | undefined> => (await documentAt(name)).servers[0]?.url;
    expect(await first('affonso')).toBe(PUBLIC);
    expect(await first('tributary')).toBe(PUBLIC);
    // Affonso has paths of this name too.
    expect(await first('affixo')).toBe(`${PUBLIC}/affixo`);
    const all = (await documentAt('tributary')).servers.map(({ url }) => url);
    expect(all).toEqual([PUBLIC, `${PUBLIC}/affonso`]);
  });

  test('a host name that belongs to a dialect is its first address', async () => {
    const hosts = new Map([['hoko.example.com', 'hoko']]);
    await elsewhere({ publicUrl: 'https://money.example.com', hosts }, async (other) => {
      expect((await documentAt('hoko', other)).servers[0]?.url).toBe('https://hoko.example.com');
      expect((await documentAt('affitor', other)).servers[0]?.url).toBe('https://money.example.com');
    });
  });

  test('without PUBLIC_URL the address is the one that was asked', async () => {
    await elsewhere({}, async (other) => {
      expect((await documentAt('affonso', other)).servers[0]?.url).toBe(other.url);
      expect((await get('/docs/affonso', {}, other)).text).toContain(`curl -X POST &quot;${other.url}/v1/conversions`);
    });
  });

  test('without PUBLIC_URL no cache may give others what names an address; this caller keeps it by its tag', async () => {
    await elsewhere({}, async (other) => {
      const paths = ['/', '/openapi', '/openapi.json', '/openapi/hoko.json', '/docs', '/docs/hoko'];
      for (const path of paths) {
        const { status, headers } = await get(path, {}, other);
        expect([path, status, headers.get('cache-control')]).toEqual([path, 200, 'private, no-cache']);
        const tags = { 'if-none-match': headers.get('etag') ?? '"none"' };
        const again = await get(path, tags, other);
        expect([path, again.status]).toEqual([path, path === '/' ? 200 : 304]);
        expect(again.headers.get('cache-control')).toBe('private, no-cache');
      }
      const [own, others] = [await get('/openapi/hoko.json', {}, other), await tagged(other.url, 'b.example')];
      expect(others).toMatch(/^"/);
      expect(others).not.toBe(own.headers.get('etag'));
      // What is the same under every name is everybody's.
      for (const path of ['/docs/reference.css', '/docs/reference.js'])
        expect((await get(path, {}, other)).headers.get('cache-control')).toBe('public, max-age=300');
    });
  });

  test('with PUBLIC_URL they are everybody’s, whatever name was asked', async () => {
    for (const path of ['/', '/openapi.json', '/openapi/hoko.json', '/docs', '/docs/hoko', '/docs/reference.css'])
      expect([path, (await get(path)).headers.get('cache-control')]).toEqual([path, 'public, max-age=300']);
    expect(await tagged(site.url, 'b.example')).toBe((await get('/openapi/hoko.json')).headers.get('etag'));
  });

  test('whoever calls under many names has the documents made once', async () => {
    let asked = 0;
    const counting: Surface = {
      ...native,
      problem: (...told) => {
        asked += 1;
        return native.problem(...told);
      },
    };
    await elsewhere({ surfaces: [counting] }, async (other) => {
      const first = await withHost(`${other.url}/openapi/affonso.json`, 'a.example');
      const once = asked;
      for (const host of ['b.example', 'c.example', 'a.example'])
        expect(await withHost(`${other.url}/openapi/affonso.json`, host)).toBe(first.replaceAll('a.example', host));
      expect([once > 0, asked]).toEqual([true, once]);
    });
  });

  test('a fifth dialect is in it without being named anywhere', async () => {
    const fifth: Surface = {
      ...native,
      name: 'fifth',
      keys: { ...native.keys, name: 'fifth', beginnings: { live: 'fifth_', test: 'fifth_test_' } },
      owns: (path) => path.startsWith('/fifth'),
      routes: [
        {
          method: 'POST',
          path: '/fifth/:id/open',
          scope: 'write:doors',
          keyless: 'always',
          summary: 'Opens a door.',
          query: z.object({ wide: z.enum(['yes', 'no']).nullish() }),
          answers: { 204: z.undefined() },
          run: () => Promise.resolve({ status: 204, body: undefined }),
        },
      ],
    };
    await elsewhere({ publicUrl: PUBLIC, surfaces: [...surfaces, fifth] }, async (other) => {
      const { paths } = await documentAt('fifth', other);
      const operation = paths['/fifth/{id}/open']?.['post'];
      expect(operation).toMatchObject({ operationId: 'postFifthByIdOpen', security: [], summary: 'Opens a door.' });
      expect(operation?.parameters).toEqual([
        { name: 'id', in: 'path', required: true, schema: { type: 'string', minLength: 1, maxLength: 512 } },
        { name: 'wide', in: 'query', required: false, schema: { type: 'string', enum: ['yes', 'no'] } },
      ]);
      expect(operation?.responses['204']).not.toHaveProperty('content');
      expect(Object.keys(operation?.responses ?? {})).not.toContain('401');
      expect((await get('/docs/fifth', {}, other)).text).toContain('/fifth/{id}/open');
    });
  });

  test.each(['/openapi/admin.json', '/openapi/affixo', '/openapi/', '/docs/x', '/docs/', '/docs/a/b', '/docs/%00'])(
    '%s is nothing, in nobody’s words',
    async (path) => {
      const { status, body } = await get(path);
      expect([status, body]).toEqual([404, { error: 'not_found' }]);
    },
  );

  test.each(['/docs', '/openapi.json', '/openapi/affixo.json'])('%s is only read', async (path) => {
    const answer = await site.send('POST', path, '{}', { key: null });
    expect([answer.status, answer.body, answer.headers.get('allow')]).toEqual([
      405,
      { error: 'method_not_allowed' },
      'GET, HEAD',
    ]);
  });
});

describe('for people', () => {
  const pages = ['/docs', ...NAMES.map((name) => `/docs/${name}`)];

  test.each(pages)('%s lets nothing in from elsewhere', async (path) => {
    const { status, headers, text } = await get(path);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).not.toMatch(/<script>|<style|\sstyle=|\son\w+=|javascript:/i);
    const loaded = [...text.matchAll(/<(?:link|script|img)[^>]*(?:href|src)="([^"]*)"/g)].map(([, url]) => url);
    expect(loaded).toEqual(['data:,', '/commissions/docs/reference.css', '/commissions/docs/reference.js']);
  });

  test.each(NAMES)('/docs/%s shows every call of the document, with links that lead somewhere', async (name) => {
    const { text } = await get(`/docs/${name}`);
    const { paths } = await documentAt(name);
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { operationId, summary }] of Object.entries(methods)) {
        expect(text).toContain(`id="${operationId}"`);
        expect(text).toContain(summary.replaceAll("'", '&#39;').replaceAll('"', '&quot;'));
        expect(text).toContain(`>${method.toUpperCase()}</b> <code>${path}</code>`);
      }
    const ids = [...text.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const dead = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id).filter((id) => !ids.includes(id));
    expect(dead).toEqual([]);
  });

  test('every link of the list leads somewhere', async () => {
    const { text } = await get('/docs');
    const links = [...text.matchAll(/href="\/commissions(\/[^"]+)"/g)].map(([, path = '']) => path);
    for (const path of new Set(links)) expect([path, (await get(path)).status]).toEqual([path, 200]);
    expect(links).toContain('/openapi/hoko.json');
    expect((await get('/')).text).toContain('href="/docs"');
  });

  test.each([
    ['/docs/reference.css', 'text/css; charset=utf-8'],
    ['/docs/reference.js', 'text/javascript; charset=utf-8'],
  ])('%s comes from here', async (path, type) => {
    const { status, headers, text } = await get(path);
    expect([status, headers.get('content-type'), text.length > 500]).toEqual([200, type, true]);
    expect(text).not.toMatch(/https?:\/\/|@import|url\(/);
    expect((await get(path, { 'if-none-match': headers.get('etag') ?? '' })).status).toBe(304);
  });

  test('a host name that is no host name writes nothing into the page', async () => {
    await elsewhere({}, async (other) => {
      const page = await withHost(`${other.url}/docs/affixo`, 'x"><img/src=y>');
      expect(page).toContain('http://localhost/affixo/v1/affiliates');
      expect(page).not.toContain('img/src');
    });
  });

  test('the example of a call is what a shell takes', async () => {
    const { text } = await get('/docs/affonso');
    const shown = [...text.matchAll(/<div class="shell">\s*<pre tabindex="0">([^<]*)<\/pre>/g)].map(
      ([, one = '']) => one,
    );
    expect(shown.length).toBe(native.routes.length);
    const sale = shown.find((one) => one.includes('/v1/conversions&quot;')) ?? '';
    const plain = sale.replaceAll('&quot;', '"').replaceAll('&#39;', "'");
    expect(plain).toContain(`curl -X POST "${PUBLIC}/v1/conversions" \\\n  -H "Authorization: Bearer $KEY" \\\n`);
    const body = JSON.parse(/-d '([^']*)'/.exec(plain)?.[1] ?? '') as Record<string, unknown>;
    expect(body).toMatchObject({ sale_amount: 99, external_event_id: 'order_1' });
  });
});

type Said = { readonly text: string; readonly etag: string | undefined };

/** What is answered to a caller who names a host of their own. */
function saidTo(url: string, host: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { host } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ text, etag: answer.headers.etag }));
    });
    asked.on('error', reject).end();
  });
}

const withHost = async (url: string, host: string): Promise<string> => (await saidTo(url, host)).text;
const tagged = async (url: string, host: string) => (await saidTo(`${url}/openapi/hoko.json`, host)).etag;
