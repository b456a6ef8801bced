/** Which dialect a request is for: host, prefix, path, key, signs, in this order (apis.md 6.1). */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { families, native, surfaces } from '../../src/surfaces/index.ts';
import type { Route, Surface } from '../../src/surfaces/surface.ts';
import { admin } from '../../src/web/admin/index.ts';
import { createDispatch, type Request } from '../../src/web/dispatch.ts';

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  scope: 'read',
  summary: 'Nothing.',
  answers: { 200: z.object({}) },
  run: () => Promise.resolve({ status: 200, body: {} }),
});

/** A neighbour that shares some paths with Affonso, as Affixo does. */
const neighbour: Surface = {
  name: 'affixo',
  owns: (path) => path === '/v1' || path.startsWith('/v1/'),
  routes: [route('POST', '/v1/track/sale'), route('GET', '/v1/affiliates'), route('GET', '/v1/payouts')],
  keys: families.find(({ name }) => name === 'affixo') ?? native.keys,
  limits: { windows: [], told: false },
  problem: native.problem,
};

const others = surfaces.filter(({ name }) => name !== 'affonso' && name !== 'affixo');
const hosts = new Map([
  ['track.example.com', 'affixo'],
  ['money.example.com', 'affonso'],
]);
const dispatch = createDispatch([admin, native, neighbour, ...others], hosts);

type More = Partial<Omit<Request, 'method' | 'path'>>;

function goesTo(method: string, path: string, more: More = {}): string {
  const given = { host: 'localhost', authorization: undefined, query: '', userAgent: '' };
  const found = dispatch({ ...given, ...more, method, path });
  if (!found) return 'nobody';
  return `${found.surface.name} ${found.is === 'method' ? found.allow : found.is}`;
}

const AFFIXO = { authorization: `Bearer sa_live_${'a'.repeat(38)}` };
const AFFONSO = { authorization: `Bearer sk_live_${'a'.repeat(38)}` };

describe('a request goes to', () => {
  test.each<[string, string, More, string]>([
    // The path, where only one dialect has it; then the key does not matter.
    ['POST', '/v1/track/sale', {}, 'affixo route'],
    ['POST', '/v1/track/sale', AFFONSO, 'affixo route'],
    ['POST', '/v1/conversions', AFFIXO, 'affonso route'],
    ['GET', '/v1/keys', AFFIXO, 'tributary route'],
    ['GET', '/v1/track/sale', AFFONSO, 'affixo POST'],
    ['PUT', '/v1/conversions', {}, 'affonso POST, GET'],
    ['POST', '/api/track/sale', {}, 'hoko route'],
    ['POST', '/api/v1/track/sale', {}, 'affitor route'],
    ['POST', '/api/tracking/lead', {}, 'affitor route'],
    ['GET', '/api/other', {}, 'nobody'],
    // The key, on paths that two have.
    ['GET', '/v1/affiliates', AFFONSO, 'affonso route'],
    ['GET', '/v1/affiliates', AFFIXO, 'affixo route'],
    ['GET', '/v1/affiliates', { authorization: 'bearer sa_live_1' }, 'affixo route'],
    ['GET', '/v1/affiliates', { authorization: 'refa_live_1' }, 'affixo route'],
    ['DELETE', '/v1/affiliates', AFFIXO, 'affixo GET'],
    ['DELETE', '/v1/affiliates', AFFONSO, 'affonso POST, GET'],
    ['GET', '/v1/nothing', AFFIXO, 'affixo unknown'],
    ['GET', '/v1/nothing', AFFONSO, 'affonso unknown'],
    ['GET', '/v1/nothing', {}, 'affonso unknown'],
    // Signs, without a key that is known.
    ['GET', '/v1/affiliates', {}, 'affixo route'],
    ['GET', '/v1/affiliates', { authorization: 'Bearer pk_live_1' }, 'affixo route'],
    ['GET', '/v1/affiliates', { query: 'page=2' }, 'affonso route'],
    ['GET', '/v1/affiliates', { query: 'expand=program' }, 'affonso route'],
    ['GET', '/v1/affiliates', { userAgent: 'affonso-sdk/1.0.3' }, 'affonso route'],
    // An explicit prefix, before path and key.
    ['GET', '/affonso/v1/affiliates', AFFIXO, 'affonso route'],
    ['GET', '/affixo/v1/affiliates', AFFONSO, 'affixo route'],
    ['POST', '/affixo/v1/conversions', {}, 'affixo unknown'],
    ['GET', '/affonso/v1/keys', {}, 'tributary route'],
    ['GET', '/hoko/v1/affiliates', {}, 'hoko unknown'],
    ['GET', '/hoko/api/nothing', {}, 'hoko unknown'],
    ['GET', '/affonso', {}, 'nobody'],
    ['GET', '/affonso/', {}, 'nobody'],
    ['GET', '/affonsoo/v1/affiliates', {}, 'nobody'],
    // The host, before everything.
    ['GET', '/v1/affiliates', { host: 'track.example.com', ...AFFONSO }, 'affixo route'],
    ['GET', '/v1/affiliates', { host: 'Track.Example.com', query: 'page=1' }, 'affixo route'],
    ['GET', '/v1/affiliates', { host: 'money.example.com', ...AFFIXO }, 'affonso route'],
    ['GET', '/affixo/v1/affiliates', { host: 'track.example.com' }, 'affixo route'],
    ['GET', '/affonso/v1/affiliates', { host: 'track.example.com' }, 'affixo unknown'],
    ['GET', '/anything', { host: 'track.example.com' }, 'affixo unknown'],
    ['POST', '/api/track/sale', { host: 'track.example.com' }, 'affixo unknown'],
    ['GET', '/v1/keys', { host: 'money.example.com' }, 'tributary route'],
    ['GET', '/', { host: 'track.example.com' }, 'nobody'],
  ])('%s %s with %j: %s', (method, path, more, expected) => {
    expect(goesTo(method, path, more)).toBe(expected);
  });

  test('nobody else when a fifth dialect comes', () => {
    const fifth: Surface = {
      ...neighbour,
      name: 'fifth',
      owns: (path) => path.startsWith('/fifth-api/'),
      routes: [route('POST', '/fifth-api/sales')],
      keys: { ...neighbour.keys, name: 'fifth' },
    };
    const wider = createDispatch([admin, native, neighbour, ...others, fifth]);
    const request = { method: 'POST', host: '', authorization: undefined, query: '', userAgent: '' };
    for (const path of ['/fifth-api/sales', '/fifth/fifth-api/sales'])
      expect(wider({ ...request, path })).toMatchObject({ is: 'route', surface: { name: 'fifth' } });
    expect(wider({ ...request, path: '/v1/track/sale' })).toMatchObject({ surface: { name: 'affixo' } });
  });
});
