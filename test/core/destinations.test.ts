import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentOf } from '../../src/core/agents.ts';
import { isPage, withClick } from '../../src/core/destinations.ts';

describe('a destination', () => {
  test.each([
    'https://example.com',
    'http://example.com:8080/a b?c=d#e',
    'HTTPS://EXAMPLE.com/%20',
    'https://münchen.example/ü?ü=ü#ü',
    'http://127.0.0.1/',
    'http://[::1]/',
    `https://example.com/${'x'.repeat(1980)}`,
  ])('%s is a page', (url) => expect(isPage(url)).toBe(true));

  test.each([
    '',
    'example.com',
    '//example.com',
    'https:example.com',
    'https://',
    'https:///path',
    'https://?a',
    'https://#a',
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'ftp://example.com',
    'mailto:a@b.example',
    ' https://example.com',
    'https://example.com\n',
    'https://example.com/\r\nX: y',
    'https://example.com/\t',
    'https://exa mple.com',
    'https://example.com:99999/',
    `https://example.com/${'x'.repeat(1981)}`,
  ])('%j is none', (url) => expect(isPage(url)).toBe(false));
});

test('a host that is no ASCII is a page however often was asked', () => {
  const asked = Array.from({ length: 50_000 }, () => isPage('https://münchen.example/'));
  expect(asked.indexOf(false)).toBe(-1);
});

describe('the click is added', () => {
  test.each([
    ['https://example.com', 'https://example.com/?hoko_id=c'],
    ['https://example.com/?', 'https://example.com/?hoko_id=c'],
    ['https://example.com/a#b', 'https://example.com/a?hoko_id=c#b'],
    ['https://example.com/?a=1#b?c', 'https://example.com/?a=1&hoko_id=c#b?c'],
    ['https://example.com/?a=b%20c+d&flag&e=&a=2', 'https://example.com/?a=b%20c+d&flag&e=&a=2&hoko_id=c'],
    ['https://example.com/?hoko_id=old&a=1', 'https://example.com/?a=1&hoko_id=c'],
    ['https://example.com/?a=1&hoko%5Fid=old&hoko_id', 'https://example.com/?a=1&hoko_id=c'],
    ['https://example.com/?%ZZ=1', 'https://example.com/?%ZZ=1&hoko_id=c'],
  ])('to %s: %s', (url, expected) => expect(withClick(url, null, 'c')).toBe(expected));

  test('the utm with it, where the destination has none of its own', () => {
    const utm = { source: 'a&b=c', medium: 'm', campaign: 'é #', term: 't', content: 'x y', referral: 'r' };
    expect(withClick('https://example.com/?utm_source=own&utm%5Fterm=own', utm, 'c')).toBe(
      'https://example.com/?utm_source=own&utm%5Fterm=own&utm_medium=m&utm_campaign=%C3%A9%20%23&utm_content=x%20y&ref=r&hoko_id=c',
    );
  });

  test('nothing but the utm, when nobody is counted', () => {
    expect(withClick('https://example.com/?hoko_id=own', { source: 's' }, null)).toBe(
      'https://example.com/?hoko_id=own&utm_source=s',
    );
    expect(withClick('https://example.com/a', null, null)).toBe('https://example.com/a');
  });

  test('once, whatever is there, which stays; and the result fits into a header', () => {
    const query = fc.array(fc.tuple(fc.webQueryParameters(), fc.constantFrom('&', '')), { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.webUrl({ validSchemes: ['http', 'https'], withFragments: true }),
        query,
        fc.string(),
        (url, parts, id) => {
          const [bare = '', fragment] = url.split('#');
          const given = `${bare}?${parts.map(([text]) => text).join('&')}${fragment === undefined ? '' : `#${fragment}`}`;
          fc.pre(isPage(given));
          const before = new URL(given);
          const after = new URL(withClick(given, { source: 's' }, id));
          const kept = (from: URL): string[] =>
            [...from.searchParams].filter(([name]) => name !== 'hoko_id' && name !== 'utm_source').map(String);
          expect(kept(after)).toEqual(kept(before));
          expect(after.searchParams.getAll('hoko_id')).toEqual([id]);
          expect([after.origin, after.pathname, after.hash]).toEqual([before.origin, before.pathname, before.hash]);
          expect(after.href).toMatch(/^[\x21-\x7e]+$/);
        },
      ),
    );
  });
});

describe('a user agent', () => {
  test.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0',
      'desktop',
      'Edge',
      'Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15',
      'desktop',
      'Safari',
      'macOS',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0', 'desktop', 'Firefox', 'Linux'],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36',
      'desktop',
      'Chrome',
      'ChromeOS',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/130 Mobile/15E148 Safari/604.1',
      'mobile',
      'Chrome',
      'iOS',
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1',
      'tablet',
      'Safari',
      'iOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36',
      'mobile',
      'Samsung Internet',
      'Android',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 Chrome/121.0 Safari/537.36',
      'tablet',
      'Chrome',
      'Android',
    ],
    ['something else', null, null, null],
    [null, null, null, null],
  ])('%s', (text, device, browser, os) => expect(agentOf(text)).toEqual({ device, browser, os }));
});
