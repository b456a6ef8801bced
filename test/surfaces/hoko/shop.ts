/** A shop that uses Hoko: partners, links and visitors who follow them, all of it through the API and the redirect. */
import { hoko } from '../../../src/surfaces/hoko/index.ts';
import type { TestDatabase } from '../../support/server.ts';
import { terms } from '../../support/stage.ts';
import { openSite, type Answer, type Asked, type Setting } from '../../web/site.ts';

export const BROWSER =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const INVALID = { error: { en: 'Invalid request', ar: 'طلب غير صالح' } };
export const NO_KEY = { error: { en: 'Invalid API key', ar: 'مفتاح API غير صالح' } };
export const noScope = (scope: string) => ({
  error: { en: 'Missing required scopes', ar: 'الصلاحيات المطلوبة مفقودة' },
  missingScopes: [scope],
});

export type Row = Record<string, unknown> & { readonly id: string };

/** The rows of an answer that is a bare list. */
export const rowsOf = ({ body }: Answer): readonly Row[] => body as unknown as readonly Row[];

export type Shop = Awaited<ReturnType<typeof openShop>>;

export async function openShop(on: TestDatabase, setting: Setting = {}) {
  const site = await openSite(on, { family: hoko.keys, ...setting });
  await site.stage.incentive(`inc_${site.stage.workspace}`, terms('30'));
  const shop = {
    site,
    api: (method: string, path: string, body?: unknown, asked?: Asked): Promise<Answer> =>
      site.send(method, `/api/${path}`, body === undefined ? undefined : JSON.stringify(body), asked),
    track: (what: 'lead' | 'sale', body: unknown, asked?: Asked): Promise<Answer> =>
      shop.api('POST', `track/${what}`, body, asked),
    async make(path: string, fields: unknown): Promise<Row> {
      const made = await shop.api('POST', path, [fields]);
      if (made.status !== 201) throw new Error(`${path}: ${made.status} ${made.headers.get('x-error-reason')}`);
      return rowsOf(made)[0] as Row;
    },
    /** A link in a collection of its own; whose it is, is for `fields` to say. */
    async link(fields: Record<string, unknown> = {}): Promise<Row & { shortUrl: string }> {
      const { id: collectionId } = await shop.make('collections', { name: 'Links' });
      return (await shop.make('links', { url: 'https://shop.example/', collectionId, ...fields })) as Row & {
        shortUrl: string;
      };
    },
    /** Follows a short link as a browser does; gives the id of the click. */
    async visit(link: { readonly shortUrl: unknown }, headers: Record<string, string> = {}): Promise<string> {
      const answer = await shop.open(String(link.shortUrl), headers);
      return new URL(answer.headers.get('location') ?? 'none:').searchParams.get('hoko_id') ?? '';
    },
    open: (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
      fetch(url, { method, redirect: 'manual', headers: { 'user-agent': BROWSER, ...headers } }),
    async count(table: string, where = 'true', ...values: unknown[]): Promise<number> {
      return (await site.stage.ask(`SELECT 1 FROM ${table} WHERE workspace_id = $1 AND ${where}`, values)).length;
    },
    /** The affiliate behind a partner, as balances know them. */
    async affiliateOf(name: string): Promise<string> {
      const sql = 'SELECT affiliate_id FROM affiliates WHERE workspace_id = $1 AND name = $2';
      return (await site.stage.ask<{ affiliate_id: string }>(sql, [name]))[0]?.affiliate_id ?? '';
    },
    payable: async (name: string): Promise<bigint> => (await site.stage.balance(await shop.affiliateOf(name))).payable,
  };
  return shop;
}
