/** Two workspaces with the same ids everywhere, and random calls by one of them that may name anything of the other. */
import type { Rng } from '../../src/simulator/rng.ts';
import { idOf } from '../../src/pipeline/ids.ts';
import { hoko } from '../../src/surfaces/hoko/index.ts';
import { families, surfaces } from '../../src/surfaces/index.ts';
import type { Route, Surface } from '../../src/surfaces/surface.ts';
import { admin } from '../../src/web/admin/index.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage } from '../support/stage.ts';
import { furnish, openSite, type Site } from '../web/site.ts';

/** What only the other workspace's rows hold. No call says it, so an answer that does has read them. */
export const FOREIGN = /zzright|7777\.77|777777/;

/** Ids counted from the beginning: whatever two workspaces make in the same order has the same ids. */
function counted(): (prefix: string) => string {
  let next = 0;
  return (prefix) => idOf(prefix, `${prefix} ${(next += 1)}`);
}

export async function openTenant(on: TestDatabase, workspace: string): Promise<Site> {
  const stage = await createStage(on, { workspace });
  return openSite(on, { workspace, work: { ...stage.work, newId: counted() } });
}

/** The same things in each, told in the same order; only the words and the money differ. */
export async function settleIn(site: Site, word: string, amount: number): Promise<void> {
  await furnish(site.stage);
  const { stage } = site;
  const say = async (path: string, body: unknown, key?: string): Promise<void> => {
    const { status, text } = await site.post(path, body, key === undefined ? {} : { key });
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  };
  await stage.ask(`UPDATE affiliates SET name = $2, email = $3 WHERE workspace_id = $1`, [word, `${word}@example.com`]);
  await say('/v1/affiliates', { name: `${word} Ann`, email: `ann@${word}.example`, tracking_id: 'ann' });
  await stage.ask(`UPDATE affiliates SET status = 'approved' WHERE workspace_id = $1`);
  await say('/v1/clicks', { trackingId: 'ann', referrer: `https://${word}.example/` });
  await say('/v1/referrals', { affiliate_id: 'jane', email: `bob@${word}.example`, name: `${word} Bob` });
  await say('/v1/coupons', { affiliate_id: 'jane', code: 'JANE10', discount_type: 'percentage', discount_value: 10 });
  await say('/v1/program/incentives', { name: `${word} rule`, type: 'percentage', amount: 5 });
  for (const n of [1, 2, 3])
    await say('/v1/conversions', {
      referral_id: 'ref_1',
      customer_id: 'cus_1',
      sale_amount: amount,
      external_event_id: `order_${n}`,
      metadata: { said: word },
    });
  for (const family of families) await site.keyFor(true, ['*'], stage.workspace, family);
  await settleLinks(site, word, amount);
}

/** Links in collections, a partner, a tag, a visitor who became a customer. */
async function settleLinks(site: Site, word: string, amount: number): Promise<void> {
  const { key } = await site.keyFor(true, ['*'], site.stage.workspace, hoko.keys);
  const say = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const { status, text } = await site.post(`/hoko/api/${path}`, body, { key });
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
    const said = JSON.parse(text) as Record<string, unknown> | Record<string, unknown>[];
    return (Array.isArray(said) ? said[0] : said) ?? {};
  };
  const { id: collectionId } = await say('collections', [{ name: `${word} links` }]);
  const { id: partnerId } = await say('partners', [{ name: `${word} partner`, email: `p@${word}.example` }]);
  await say('tags', [{ name: `${word} tag` }]);
  const link = { url: `https://${word}.example/`, collectionId, partnerId, externalId: 'ext_1', title: word };
  const { shortUrl } = await say('links', [link]);
  const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0' };
  const { headers: sent } = await fetch(String(shortUrl), { redirect: 'manual', headers });
  const clickId = new URL(sent.get('location') ?? '').searchParams.get('hoko_id');
  const customer = { customerExternalId: 'customer_1', customerName: word, customerEmail: `c@${word}.example` };
  await say('track/lead', { ...customer, clickId, eventName: 'Signed up', metadata: { said: word } });
  await say('track/sale', { ...customer, amount: Math.round(amount * 100) });
}

/** Every id there is, of both, but those of the keys that the caller calls with. */
export async function idsOf(on: TestDatabase): Promise<string[]> {
  const { pool } = on.database;
  const { rows: columns } = await pool.query<{ t: string; c: string }>(
    `SELECT table_name AS t, column_name AS c FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'text' AND column_name ~ '_id$|^code$|^event_key$|^customer_key$'
       AND column_name NOT IN ('workspace_id') AND table_name <> 'migrations'`,
  );
  const all = new Set<string>();
  for (const { t, c } of columns) {
    const own = t === 'api_keys' ? `workspace_id <> 'left' AND` : '';
    const { rows } = await pool.query<{ id: string }>(
      `SELECT DISTINCT "${c}" AS id FROM "${t}" WHERE ${own} "${c}" IS NOT NULL ORDER BY 1 LIMIT 60`,
    );
    for (const { id } of rows) all.add(id);
  }
  const { rows: numbers } = await pool.query<{ id: string }>('SELECT number::text AS id FROM programs');
  for (const { id } of numbers) all.add(id);
  return [...all].toSorted();
}

/** Everything that belongs to a workspace, but when its keys were used. */
export async function holdings(on: TestDatabase, workspace: string): Promise<Record<string, string>> {
  const { pool } = on.database;
  const { rows } = await pool.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations' ORDER BY 1`,
  );
  const found: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: said } = await pool.query<{ said: string }>(
      `SELECT count(*) || ' ' || COALESCE(md5(string_agg(t.said, '|' ORDER BY t.said)), '') AS said
       FROM (SELECT (to_jsonb(r) - 'last_used_at')::text AS said FROM ${name} r WHERE workspace_id = $1) t`,
      [workspace],
    );
    found[name] = said[0]?.said ?? '';
  }
  return found;
}

type Target = { readonly surface: Surface; readonly route: Route };

/** Every route that takes a key. */
export const targets: readonly Target[] = [admin, ...surfaces].flatMap((surface) =>
  surface.routes.filter(({ keyless }) => keyless !== 'always').map((route) => ({ surface, route })),
);

const NAMES =
  `referral_id referralId customer_id external_user_id click_id clickId affonso_id sale_amount sale_amount_currency product_ids
  price_ids interval is_subscription external_event_id status sales_status metadata trackingId tracking_id programId program_id
  email name affiliate_id affiliateId code discount_type discount_value duration type amount currency apply_to group_id priority
  parent_id ref visitor_id fingerprint external_id is_test url referrer ref_code ref_param destination_url campaign_id
  customerExternalId customerName customerEmail eventName leadEventName collectionId partnerId tenantId externalId id linkId
  transaction_id amount_cents customer_key sale_type refund_amount_cents affiliate_url existing_click_id additional_data
  event_name event_type startDate endDate take skip limit offset page expand starting_after ending_before scopes hosts family key
  account_id label secret from to rate day settings precedence cookie_lifetime reason title description name url id collectionId`
    .split(/\s+/)
    .filter((name) => name !== '');

/** A value that a field of this name could have: an id of one of the two as often as not. */
function valueFor(rng: Rng, name: string, ids: readonly string[]): unknown {
  const id = rng.pick(ids);
  if (/amount|value|cents|limit|offset|page|take|skip|priority|rate|lifetime/.test(name))
    return rng.pick([1, 99, 9900, 0, '12.5']);
  if (name.startsWith('is_')) return rng.pick([true, false]);
  if (/url|referrer/i.test(name)) return rng.pick(['https://example.com/?aff=ann', 'https://example.com/x']);
  if (/email/i.test(name)) return rng.pick(['bob@left.example', 'new@example.com', 'jane@example.com']);
  if (/currency|^from$|^to$/.test(name)) return rng.pick(['usd', 'eur', 'jpy', '2026-01-01']);
  if (name.endsWith('_ids')) return [id];
  if (/metadata|settings|additional_data/.test(name)) return { [rng.pick(NAMES)]: id };
  if (/interval/.test(name)) return rng.pick(['monthly', 'yearly']);
  if (/status|type|duration|apply_to|precedence|family/.test(name))
    return rng.pick(['paid', 'percentage', 'all', 'complete', 'lead', 'conversion', 'coupon', 'hoko', 'once']);
  return rng.chance(0.8) ? id : `own ${name}`;
}

function someOf(rng: Rng, ids: readonly string[], most: number): Record<string, unknown> {
  const count = Math.floor(rng.next() * most);
  const names = Array.from({ length: count }, () => rng.pick(NAMES));
  return Object.fromEntries(names.map((name) => [name, valueFor(rng, name, ids)]));
}

const LISTS = /^\/api\/(links|collections|tags|partners)$/;

export type RandomCall = {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  /** Whose family's key it takes. */
  readonly family: string;
  readonly affiliate: boolean;
};

/** One call to any route, with ids of either workspace wherever an id could stand. */
export function randomCall(rng: Rng, ids: readonly string[]): RandomCall {
  const { surface, route } = rng.pick(targets);
  const path = route.path.replaceAll(/:\w+/g, () => encodeURIComponent(rng.pick(ids)));
  const query = new URLSearchParams(
    Object.entries(rng.chance(0.4) ? someOf(rng, ids, 4) : {}).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
  );
  const most = rng.chance(0.5) ? 8 : NAMES.length;
  const one = someOf(rng, ids, most);
  // Hoko's lists: of ids to delete, of rows to write.
  const isList = LISTS.test(route.path);
  const list = route.method === 'DELETE' ? [rng.pick(ids)] : [one, someOf(rng, ids, most)];
  const body = rng.chance(isList ? 0.9 : 0.2) ? (isList && rng.chance(0.5) ? list.slice(0, 1) : list) : one;
  const silent = route.method === 'GET' || (route.method === 'DELETE' && !isList);
  const stranger = rng.chance(0.05);
  return {
    method: route.method,
    path: `/${surface.keys.name}${path}${query.size > 0 ? `?${query.toString()}` : ''}`,
    body: silent ? undefined : JSON.stringify(body),
    family: stranger ? rng.pick(families).name : surface.keys.name,
    affiliate: route.holder === 'affiliate',
  };
}
