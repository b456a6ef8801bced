/** Links that lead to a page: their rows, following one, and the clicks that came of it. */
import type { LinkClickView, ShortLinkView, Visitor } from '../core/catalogue-desk.ts';
import type { Utm } from '../core/destinations.ts';
import type { World } from './conversions.ts';
import { sourceOf, type Order, type Table, type Told } from './shelves.ts';
import type { Tx } from './tx.ts';

export const LINKS: Table = {
  name: 'links',
  id: 'link_id',
  columns: {
    code: 'text',
    affiliate_id: 'text',
    program_id: 'text',
    destination_url: 'text',
    title: 'text',
    description: 'text',
    image: 'text',
    utm: 'jsonb',
    collection_id: 'text',
    tenant_id: 'text',
    external_id: 'text',
  },
  changes: {
    // Only the names that are told change; nothing left is no utm.
    utm: `CASE WHEN c.told -> 'utm' = 'null' THEN NULL
      WHEN c.told ? 'utm' THEN NULLIF(jsonb_strip_nulls(COALESCE(t.utm, '{}') || (c.told -> 'utm')), '{}') ELSE t.utm END`,
  },
  hides: 'archived_at',
  dated: true,
};

export type LinkRow = {
  readonly link_id: string;
  readonly code: string;
  readonly affiliate_id: string | null;
  readonly destination_url: string | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly image: string | null;
  readonly utm: Utm | null;
  readonly collection_id: string | null;
  readonly tenant_id: string | null;
  readonly external_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

export function shortLinkOf(row: LinkRow): ShortLinkView {
  return {
    id: row.link_id,
    code: row.code,
    url: row.destination_url ?? '',
    title: row.title,
    description: row.description,
    image: row.image,
    utm: row.utm,
    collectionId: row.collection_id,
    affiliateId: row.affiliate_id,
    tenantId: row.tenant_id,
    externalId: row.external_id,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

/** One list after the other, until the transaction ends: two that free what the other takes would wait for each other. */
export async function waitForExternalIds(tx: Tx, workspace: string): Promise<void> {
  await tx.query({
    text: `SELECT pg_advisory_xact_lock(hashtextextended('links_external_id ' || $1::text, 0))`,
    values: [workspace],
  });
}

/** Takes the external ids of links that get others or none, so that within one list they may change places. */
export async function freeExternalIds(tx: Tx, workspace: string, changes: readonly Told[]): Promise<void> {
  const told = changes.filter((row) => 'external_id' in row);
  // One alone makes room for nobody but itself.
  if (told.length < 2) return;
  await tx.query({
    text: `WITH c AS MATERIALIZED (SELECT told ->> 'link_id' AS id, told ->> 'external_id' AS external_id
             FROM jsonb_array_elements($2::jsonb) AS told)
           UPDATE links t SET external_id = NULL FROM c
           WHERE t.workspace_id = $1 AND t.link_id = c.id AND t.external_id IS DISTINCT FROM c.external_id`,
    values: [workspace, JSON.stringify(told)],
  });
}

/** Of these codes those that lead to an affiliate by their tracking id: no link may carry one. */
export async function trackingIdsAmong(tx: Tx, workspace: string, codes: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ tracking_id: string }>({
    text: `SELECT tracking_id FROM affiliates WHERE workspace_id = $1 AND tracking_id = ANY ($2::text[]) AND deleted_at IS NULL`,
    values: [workspace, codes],
  });
  return rows.map((row) => row.tracking_id);
}

/** The programs of those affiliates that exist and were not deleted, by their ids. */
export async function programsOf(
  tx: Tx,
  workspace: string,
  affiliates: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.query<{ affiliate_id: string; program_id: string; deleted: boolean }>({
    text: `SELECT affiliate_id, program_id, deleted_at IS NOT NULL AS deleted FROM affiliates
           WHERE workspace_id = $1 AND affiliate_id = ANY ($2::text[])`,
    values: [workspace, affiliates],
  });
  return new Map(rows.flatMap((row) => (row.deleted ? [] : [[row.affiliate_id, row.program_id] as const])));
}

/** A link's columns, of a table named `l`. */
export const OF_LINK = sourceOf(LINKS).columns.replaceAll(/\b\w+\b/g, 'l.$&');

/**
 * The link that a click came through, in use or not; null: there is no such click, or it came through none, or it is only
 * a test, which the live world does not know.
 */
export async function linkOfClick(
  tx: Tx,
  { workspace, livemode }: World,
  clickId: string,
): Promise<ShortLinkView | null> {
  const { rows } = await tx.query<LinkRow>({
    name: 'link_of_click',
    text: `SELECT ${OF_LINK} FROM referrals r JOIN links l ON l.workspace_id = $1 AND l.link_id = r.link_id
           WHERE r.workspace_id = $1 AND r.referral_id = $2 AND NOT (r.test_only AND $3) AND l.destination_url IS NOT NULL`,
    values: [workspace, clickId, livemode],
  });
  return rows[0] ? shortLinkOf(rows[0]) : null;
}

export type Destination = { readonly url: string; readonly utm: Utm | null };

const DESTINATION = `SELECT link_id, affiliate_id, program_id, destination_url, utm FROM links
  WHERE workspace_id = $1 AND code = $2 AND archived_at IS NULL AND destination_url IS NOT NULL`;

/** Where a code leads; null: nowhere. */
export async function findDestination(tx: Tx, workspace: string, code: string): Promise<Destination | null> {
  const { rows } = await tx.query<{ destination_url: string; utm: Utm | null }>({
    name: 'find_destination',
    text: DESTINATION,
    values: [workspace, code],
  });
  return rows[0] ? { url: rows[0].destination_url, utm: rows[0].utm } : null;
}

/** The same, counted: the click is written in the same statement, to whoever the link belongs to. */
export async function followLink(
  tx: Tx,
  workspace: string,
  code: string,
  click: { readonly id: string; readonly at: number; readonly details: Readonly<Record<string, string>> },
): Promise<Destination | null> {
  const { rows } = await tx.query<{ destination_url: string; utm: Utm | null }>({
    name: 'follow_link',
    text: `WITH link AS (${DESTINATION}), click AS (
        INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, click, created_at, link_id, clicked_at)
        SELECT $1, $3, affiliate_id, program_id, 'click', $4::jsonb, $5::timestamptz, link_id, $5::timestamptz FROM link)
      SELECT destination_url, utm FROM link`,
    values: [workspace, code, click.id, JSON.stringify(click.details), new Date(click.at).toISOString()],
  });
  return rows[0] ? { url: rows[0].destination_url, utm: rows[0].utm } : null;
}

export type ClickFilter = Order & {
  readonly linkId: string | null;
  readonly affiliateId: string | null;
  readonly from: number | null;
  readonly to: number | null;
};

type ClickRow = {
  readonly referral_id: string;
  readonly link_id: string;
  readonly affiliate_id: string | null;
  readonly click: Readonly<Record<string, unknown>>;
  readonly utm: Utm | null;
  readonly clicked_at: Date;
};

const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function visitorOf({ referrer, userAgent, scanned }: Readonly<Record<string, unknown>>): Visitor {
  return { referrer: textIn(referrer), userAgent: textIn(userAgent), scanned: scanned === 'yes' };
}

/** Clicks through links, in use or not, by when they were made. */
export async function clicksOfLinks(tx: Tx, workspace: string, filter: ClickFilter): Promise<LinkClickView[]> {
  const moment = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const asked = [
    ['r.link_id = ', filter.linkId],
    ['r.affiliate_id = ', filter.affiliateId],
    ['r.clicked_at >= ', moment(filter.from)],
    ['r.clicked_at <= ', moment(filter.to)],
  ].flatMap(([condition, value]) => (value == null ? [] : [{ condition, value }]));
  const direction = filter.newestFirst ? 'DESC' : 'ASC';
  const next = asked.length + 2;
  const { rows } = await tx.query<ClickRow>({
    text: `SELECT r.referral_id, r.link_id, r.affiliate_id, r.click, l.utm, r.clicked_at FROM referrals r
           JOIN links l ON l.workspace_id = $1 AND l.link_id = r.link_id
           WHERE r.workspace_id = $1 AND r.link_id IS NOT NULL AND r.clicked_at IS NOT NULL
             ${asked.map(({ condition }, index) => `AND ${condition}$${index + 2}`).join(' ')}
           ORDER BY r.clicked_at ${direction}, r.referral_id ${direction} LIMIT $${next} OFFSET $${next + 1}`,
    values: [workspace, ...asked.map(({ value }) => value), filter.take, filter.skip],
  });
  return rows.map((row) => ({
    id: row.referral_id,
    linkId: row.link_id,
    affiliateId: row.affiliate_id,
    utm: row.utm,
    clickedAt: row.clicked_at.getTime(),
    ...visitorOf(row.click),
  }));
}
