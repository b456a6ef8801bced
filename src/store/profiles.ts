/** Customers as callers tell of them, and their leads. Both are written with the event that tells of them (store/columns.ts). */
import type { CustomerView } from '../core/customer-desk.ts';
import type { ShortLinkView } from '../core/catalogue-desk.ts';
import type { World } from './conversions.ts';
import { selectRows, type Condition, type Order } from './shelves.ts';
import { OF_LINK, shortLinkOf, type LinkRow } from './short-links.ts';
import type { Tx } from './tx.ts';

const PROFILES = {
  name: 'profiles',
  id: 'profile_id',
  columns: 'profile_id, external_id, name, email, phone, avatar, created_at, updated_at',
} as const;

type ProfileRow = {
  readonly profile_id: string;
  readonly external_id: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly avatar: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

function customerOf(row: ProfileRow): CustomerView {
  return {
    id: row.profile_id,
    externalId: row.external_id,
    name: row.name,
    email: row.email,
    phone: row.phone,
    avatar: row.avatar,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

export async function listCustomers(
  tx: Tx,
  { workspace, livemode }: World,
  conditions: readonly Condition[],
  order: Order,
): Promise<CustomerView[]> {
  const asked: readonly Condition[] = [['livemode', livemode], ...conditions];
  return (await selectRows<ProfileRow>(tx, workspace, PROFILES, asked, order)).map(customerOf);
}

/** The customer under the caller's own id; null: nobody told of one. */
export async function findCustomer(
  tx: Tx,
  { workspace, livemode }: World,
  externalId: string,
): Promise<CustomerView | null> {
  const { rows } = await tx.query<ProfileRow>({
    name: 'find_profile',
    text: `SELECT ${PROFILES.columns} FROM profiles WHERE workspace_id = $1 AND livemode = $2 AND external_id = $3`,
    values: [workspace, livemode, externalId],
  });
  return rows[0] ? customerOf(rows[0]) : null;
}

/** A click and the link that it came through. */
export type Credited = { readonly clickId: string; readonly link: ShortLinkView };

/** The click of a customer's latest lead, of one name or of any (null); null: there is none, or its referral was deleted. */
export async function latestLead(
  tx: Tx,
  { workspace, livemode }: World,
  externalId: string,
  eventName: string | null,
): Promise<Credited | null> {
  const { rows } = await tx.query<LinkRow & { click_id: string }>({
    name: eventName === null ? 'latest_lead' : 'latest_lead_of_name',
    text: `SELECT e.click_id, ${OF_LINK} FROM leads e
             JOIN referrals r ON r.workspace_id = $1 AND r.referral_id = e.click_id
             JOIN links l ON l.workspace_id = $1 AND l.link_id = r.link_id AND l.destination_url IS NOT NULL
           WHERE e.workspace_id = $1 AND e.livemode = $2 AND e.external_id = $3
             ${eventName === null ? '' : 'AND e.event_name = $4'} ORDER BY e.created_at DESC, e.lead_id DESC LIMIT 1`,
    values: [workspace, livemode, externalId, ...(eventName === null ? [] : [eventName])],
  });
  const [row] = rows;
  return row ? { clickId: row.click_id, link: shortLinkOf(row) } : null;
}

export type LeadRow = {
  readonly clickId: string;
  readonly externalId: string;
  readonly eventName: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
};

export async function findLead(tx: Tx, workspace: string, id: string): Promise<LeadRow | null> {
  const { rows } = await tx.query<{
    click_id: string;
    external_id: string;
    event_name: string;
    metadata: LeadRow['metadata'];
  }>({
    name: 'find_lead',
    text: 'SELECT click_id, external_id, event_name, metadata FROM leads WHERE workspace_id = $1 AND lead_id = $2',
    values: [workspace, id],
  });
  const [row] = rows;
  if (!row) return null;
  return { clickId: row.click_id, externalId: row.external_id, eventName: row.event_name, metadata: row.metadata };
}
