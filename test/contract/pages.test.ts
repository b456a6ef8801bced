/**
 * Fields that are shown as a link or redirected to, in every dialect: http and https pages alone are taken. What browsers
 * told of where they were is kept as it was told, and shown where it is such a page.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_PAGE } from '../../src/core/destinations.ts';
import { createKey } from '../../src/pipeline/keys.ts';
import { surfaces } from '../../src/surfaces/index.ts';
import type { TestDatabase } from '../support/server.ts';
import { createDatabase } from '../support/database.ts';
import { furnish, openSite, type Answer, type Site } from '../web/site.ts';
import { allDialects } from './play.ts';

let db: TestDatabase;
let site: Site;
const keys = new Map<string, string>();
/** Ids of what exists, so that only the URL is wrong. */
const known: Record<string, string> = {};

type Row = { readonly id: string };

async function call(name: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return site.send(method, `/${name}${path}`, text, { key: keys.get(name) ?? null });
}

const rowsOf = (answer: Answer): readonly Row[] => JSON.parse(answer.text) as readonly Row[];

beforeAll(async () => {
  db = await createDatabase();
  site = await openSite(db);
  await furnish(site.stage);
  for (const { name, keys: family } of surfaces)
    keys.set(name, (await site.keyFor(true, ['*'], 'default', family)).key);
  const [collection] = rowsOf(await call('hoko', 'POST', '/api/collections', [{ name: 'Links' }]));
  known['collection'] = collection?.id ?? '';
  const [link] = rowsOf(await call('hoko', 'POST', '/api/links', [linkTo('https://shop.example/')]));
  known['link'] = link?.id ?? '';
  const group = await call('affonso', 'POST', '/v1/program/groups', { name: 'Known' });
  known['group'] = String(group.body.data['id']);
  const creative = await call('affonso', 'POST', '/v1/program/creatives', { name: 'Known' });
  known['creative'] = String(creative.body.data['id']);
});

afterAll(async () => {
  await site.close();
  await db.drop();
});

const linkTo = (url: unknown) => ({ url, collectionId: known['collection'], partnerId: 'jane' });

/** No page, whatever it is for: other schemes, no scheme, none of a host's, and what breaks a header or hides a scheme. */
const NO_PAGES = [
  'javascript:alert(1)',
  'JavaScript:alert(1)//?aff=jane',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd?aff=jane',
  'ftp://shop.example/?aff=jane',
  'blob:https://shop.example/1',
  '//shop.example/?aff=jane',
  '/pricing?aff=jane',
  'shop.example/?aff=jane',
  'https:shop.example/?aff=jane',
  'https://?aff=jane',
  'https://shop.example/\r\nX-Evil: 1?aff=jane',
  'https://shop.example/\t?aff=jane',
  'https://shop.example/\u0085?aff=jane',
  'https://shop.example/\u2028?aff=jane',
  'https://shop example/?aff=jane',
  5,
  { url: 'https://shop.example' },
] as const;

type Linked = {
  readonly dialect: string;
  readonly field: string;
  readonly call: (value: unknown) => Promise<Answer>;
  readonly said: (answer: Answer) => void;
  /** It is no more than a mark of a visit, so that a long one is cut. */
  readonly cut?: true;
};

const saidByAffonso =
  (field: string, within?: string) =>
  ({ status, body }: Answer): void => {
    expect([status, body.error.code, body.error.field]).toEqual([400, 'VALIDATION_ERROR', within ?? field]);
    expect(body.error.message).toBe(`${within === undefined ? '' : `${within}.`}${field} ${NO_PAGE}`);
  };

function saidByHoko({ status, body, headers }: Answer): void {
  expect([status, body]).toEqual([400, { error: { en: 'Invalid request', ar: 'طلب غير صالح' } }]);
  expect(headers.get('x-error-reason')).toContain(NO_PAGE);
}

const buyer = { customerExternalId: 'c', customerName: 'Buyer' };

const LINKED: readonly Linked[] = [
  ...['website_url', 'logo_url'].map((field) => ({
    dialect: 'affonso',
    field,
    call: (value: unknown) => call('affonso', 'PATCH', '/v1/program', { [field]: value }),
    said: saidByAffonso(field),
  })),
  ...(
    [
      ['POST', () => '/v1/program/groups'],
      ['PUT', () => `/v1/program/groups/${known['group']}`],
      ['PATCH', () => `/v1/program/groups/${known['group']}`],
    ] as const
  ).map(([method, path]) => ({
    dialect: 'affonso',
    field: 'custom_website_url',
    call: (value: unknown) => call('affonso', method, path(), { name: 'Group', custom_website_url: value }),
    said: saidByAffonso('custom_website_url'),
  })),
  ...(
    [
      ['POST', () => '/v1/program/creatives'],
      ['PATCH', () => `/v1/program/creatives/${known['creative']}`],
    ] as const
  ).map(([method, path]) => ({
    dialect: 'affonso',
    field: 'url',
    call: (value: unknown) => call('affonso', method, path(), { name: 'Banner', url: value }),
    said: saidByAffonso('url'),
  })),
  {
    dialect: 'affonso',
    field: 'image',
    call: (value) =>
      call('affonso', 'POST', '/v1/embed/token', { partner: { email: 'new@partner.example', image: value } }),
    said: saidByAffonso('image', 'partner'),
  },
  {
    dialect: 'affixo',
    field: 'destination_url',
    call: (value) => call('affixo', 'POST', '/v1/links', { affiliate_id: 'jane', destination_url: value }),
    said: ({ status, body }) => expect([status, body.error]).toEqual([400, 'invalid_destination_url']),
  },
  {
    dialect: 'affitor',
    field: 'affiliate_url',
    call: (value) => call('affitor', 'POST', '/api/v1/track/click', { affiliate_url: value }),
    said: ({ status, body }) => expect([status, body]).toEqual([400, { error: 'Invalid affiliate_url' }]),
    cut: true,
  },
  ...['url', 'image'].flatMap((field) => [
    {
      dialect: 'hoko',
      field,
      call: (value: unknown) =>
        call('hoko', 'POST', '/api/links', [{ ...linkTo('https://shop.example/'), [field]: value }]),
      said: saidByHoko,
    },
    {
      dialect: 'hoko',
      field,
      call: (value: unknown) => call('hoko', 'PUT', '/api/links', [{ id: known['link'], [field]: value }]),
      said: saidByHoko,
    },
  ]),
  ...['lead', 'sale'].map((what) => ({
    dialect: 'hoko',
    field: 'customerAvatar',
    call: (value: unknown) =>
      call('hoko', 'POST', `/api/track/${what}`, {
        ...buyer,
        eventName: 'x',
        amount: 1,
        clickId: 'ref_1',
        customerAvatar: value,
      }),
    said: saidByHoko,
  })),
];

describe.each(LINKED)('$dialect: $field', ({ call: send, said }) => {
  test.each(NO_PAGES)('%j is refused, and nothing is kept', async (value) => {
    const before = await site.everything();
    said(await send(value));
    expect(await site.everything()).toBe(before);
  });
});

test.each(LINKED.filter(({ cut }) => !cut))('$dialect: $field is no longer than a page can be', async (linked) => {
  linked.said(await linked.call(`https://shop.example/${'x'.repeat(1980)}`));
});

test.each([
  ['affonso', 'PATCH', '/v1/program', 'website_url'],
  ['affonso', 'PATCH', '/v1/program', 'logo_url'],
  ['affonso', 'PATCH', '/v1/program/groups/gold', 'custom_website_url'],
])('%s: %s %s takes a page as %s, and null or nothing between the quotes away', async (name, method, path, field) => {
  const there = path.replace('gold', known['group'] ?? '');
  for (const page of ['https://shop.example/ü?a=b#c', null, 'HTTP://shop.example:8080', '']) {
    const { status, body } = await call(name, method, there, { [field]: page });
    expect([status, body.data[field]]).toEqual([200, page === '' ? null : page]);
    expect((await call(name, 'GET', there)).body.data[field]).toBe(page === '' ? null : page);
  }
});

/** Where somebody was, as their browser says. */
const TOLD = ['affixo url', 'affixo referrer', 'affitor page_url', 'affitor referrer_url', 'hoko referrer'];
/** Shown only: what is made here, and what is taken under another name. */
const SHOWN = [
  'hoko shortUrl',
  'hoko avatar',
  'affonso portalUrl',
  'affonso websiteUrl',
  'affonso avatarUrl',
  'affonso logoUrl',
];

test('every field that is named like a URL is one of these', async () => {
  const found = new Set<string>();
  for (const { name, document } of await allDialects())
    JSON.stringify(document, (key, value: unknown) => {
      if (key !== 'properties') return value;
      for (const field of Object.keys(value as object))
        if (/(^|_)ur[il](_|$)|Ur[il]|href|image|avatar|logo|referrer/.test(field)) found.add(`${name} ${field}`);
      return value;
    });
  const tested = new Set([...LINKED.map(({ dialect, field }) => `${dialect} ${field}`), ...TOLD, ...SHOWN]);
  // What is only taken, and shown by the dialects above.
  tested.add('affonso referrer');
  expect([...found].filter((field) => !tested.has(field))).toEqual([]);
});

describe('where somebody was', () => {
  const PAGE = 'https://shop.example/pricing?a=b';
  const TRICKS = ['javascript:alert(1)', '//shop.example/', 'data:text/html,x', 'https://shop.example/\u0085'];

  const clicksOfJane = async () => {
    const family = surfaces.find(({ name }) => name === 'affixo')?.keys;
    if (!family) throw new Error('there is no Affixo');
    const holder = { workspace: 'default', family, livemode: true, name: 'of jane', affiliateId: 'jane' };
    const { key } = await createKey(site.work, { ...holder, scopes: ['*'] });
    return (await site.get('/affixo/v1/affiliate/clicks', { key })).body.data as unknown as Record<string, unknown>[];
  };
  const eventsOfDefault = async () => {
    const [program] = await site.stage.ask<{ number: bigint }>('SELECT number FROM programs WHERE workspace_id = $1');
    const found = await call('affitor', 'GET', `/api/tracking/events/${program?.number}?eventType=click`);
    return found.body.data as unknown as Record<string, unknown>[];
  };

  test.each([PAGE, ...TRICKS])('told as %j counts all the same, and is shown where it is a page', async (told) => {
    const shown = told === PAGE ? PAGE : null;
    const click = await call('affixo', 'POST', '/v1/track/click', { ref: 'jane', url: told, referrer: told });
    expect(click.status).toBe(200);
    const [latest] = await clicksOfJane();
    expect(latest).toMatchObject({ url: shown, referrer: shown });
    const address = 'https://shop.example/?aff=jane';
    const visit = { affiliate_url: address, page_url: told, referrer_url: told };
    expect((await call('affitor', 'POST', '/api/v1/track/click', visit)).status).toBe(200);
    const [event] = await eventsOfDefault();
    expect(event).toMatchObject({ page_url: shown, referrer_url: shown });
    // Told by another dialect, it is shown by this one too.
    const other = await call('affonso', 'POST', '/v1/clicks', { trackingId: 'jane', referrer: told });
    expect(other.status).toBe(201);
    const [theirs] = await eventsOfDefault();
    expect(theirs).toMatchObject({ click_id: other.body.data['id'], referrer_url: shown });
  });

  test.each([PAGE, 'javascript:alert(1)', '//shop.example/'])('said by the header %j too', async (told) => {
    const [link] = rowsOf(await call('hoko', 'POST', '/api/links', [linkTo('https://shop.example/')]));
    const { shortUrl } = link as Row & { readonly shortUrl: string };
    const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const headers = { 'user-agent': agent, referer: told };
    expect((await fetch(shortUrl, { redirect: 'manual', headers })).status).toBe(302);
    const clicks = rowsOf(await call('hoko', 'GET', `/api/analytics?linkId=${link?.id}`));
    expect(clicks).toMatchObject([{ referrer: told === PAGE ? PAGE : null }]);
  });
});
