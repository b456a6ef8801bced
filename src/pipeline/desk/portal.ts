/** What affiliates see of their own: passes that are given and shown, and everything behind them. */
import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from '../../core/desk.ts';
import {
  referralLink,
  type Holder,
  type Joining,
  type Overview,
  type Pass,
  type PassPurpose,
  type PortalDesk,
} from '../../core/portal-desk.ts';
import { isPage } from '../../core/destinations.ts';
import type { ProgramSetup } from '../../core/program-desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { DAY_MS } from '../../core/time.ts';
import type { AffiliateView } from '../../core/views.ts';
import { findAffiliate, findAffiliateByEmail } from '../../store/affiliates.ts';
import { listCoupons } from '../../store/coupons.ts';
import { listCreatives } from '../../store/creatives.ts';
import { listEarnings, referralPage } from '../../store/earnings.ts';
import { balancesNow } from '../../store/ledger.ts';
import { deletePass, findPass, homeOfPass, insertPass, openSession, type PassRow } from '../../store/passes.ts';
import { listPayouts } from '../../store/payouts.ts';
import { findProgram } from '../../store/program-setup.ts';
import { sumsOf } from '../../store/sums.ts';
import { inSnapshot } from '../../store/transaction.ts';
import type { Clockwork } from '../clockwork.ts';
import { affiliateDesk, noAffiliate } from './affiliates.ts';

export function portalDesk(work: Clockwork): PortalDesk {
  return {
    join: (caller, joining) => join(work, caller, joining),
    givePass: (caller, affiliateId, purpose) => give(work, caller, affiliateId, purpose),
    holderOf: (token, purpose) => holderOf(work, token, purpose),
    openPortal: (token) => open(work, token),
    async closePortal(token) {
      const home = await homeOfPass(work.database.across, hashOf(token));
      if (home !== null) await deletePass(work.database.of(home), home, hashOf(token));
    },
    linkOf: async ({ workspace }, { id, trackingId }) =>
      referralLink(await referralPage(work.database.of(workspace), workspace, id), trackingId),
    overview: (holder, paging) =>
      inSnapshot(work.database, holder.caller.workspace, (tx) => overview(tx, holder, paging)),
    payoutsOf: ({ caller, affiliateId }, paging) =>
      listPayouts(work.database.of(caller.workspace), caller, {
        ...paging,
        affiliateId,
        status: null,
        from: null,
        to: null,
        sort: { by: 'created', descending: true },
      }),
  };
}

const MINUTE_MS = 60_000;

/** How long each lasts, and what its token begins with, so that one is told from another at a glance. */
const PASSES: Readonly<Record<PassPurpose, { readonly lastsMs: number; readonly beginning: string }>> = {
  embed: { lastsMs: 30 * MINUTE_MS, beginning: 'emb_' },
  portal: { lastsMs: 5 * MINUTE_MS, beginning: 'prt_' },
  session: { lastsMs: DAY_MS / 2, beginning: 'prs_' },
};

const TOKEN = /^(?:emb|prt|prs)_[A-Za-z0-9_-]{43}$/;

const newToken = (purpose: PassPurpose): string => PASSES[purpose].beginning + randomBytes(32).toString('base64url');
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

async function give(
  work: Clockwork,
  { workspace, livemode }: Caller,
  affiliateId: string,
  purpose: 'embed' | 'portal',
): Promise<Pass | Refusal> {
  const tx = work.database.of(workspace);
  const affiliate = await findAffiliate(tx, workspace, affiliateId);
  if (!affiliate) return noAffiliate(affiliateId);
  if (purpose === 'portal' && affiliate.status !== 'approved')
    return refuse(
      'affiliate_not_approved',
      `Affiliate "${affiliateId}" is ${affiliate.status}: the portal opens for approved ones only.`,
    );
  const token = newToken(purpose);
  const createdAt = work.now();
  const expiresAt = createdAt + PASSES[purpose].lastsMs;
  await insertPass(tx, workspace, { hash: hashOf(token), purpose, affiliateId, livemode, createdAt, expiresAt });
  return { token, expiresAt };
}

type Found = PassRow & { readonly workspace: string };

const UNKNOWN = refuse('unknown_token', 'This token is not known here. Ask for a new one.');
const EXPIRED = refuse('expired_token', 'This token has expired. Ask for a new one.');
const USED = refuse('expired_token', 'This token was used before, and opens the portal only once. Ask for a new one.');

/** A pass that was given for one of these purposes and has not expired. */
async function find(work: Clockwork, token: string, purposes: readonly PassPurpose[]): Promise<Found | Refusal> {
  if (!TOKEN.test(token)) return UNKNOWN;
  const hash = hashOf(token);
  const workspace = await homeOfPass(work.database.across, hash);
  if (workspace === null) return UNKNOWN;
  const pass = await findPass(work.database.of(workspace), workspace, hash);
  if (!pass || !purposes.includes(pass.purpose)) return UNKNOWN;
  return pass.expiresAt > work.now() ? { ...pass, workspace } : EXPIRED;
}

/** Who applied may look; who was turned away or is out of the program may not. */
function barred({ status }: PassRow): Refusal | null {
  if (status === 'approved' || status === 'pending') return null;
  return refuse('affiliate_not_approved', 'The portal is not open to you. Ask the company whose partner you are.');
}

async function holderOf(work: Clockwork, token: string, purpose: 'embed' | 'session'): Promise<Holder | Refusal> {
  const pass = await find(work, token, [purpose]);
  if (isRefusal(pass)) return pass;
  const { workspace, livemode, affiliateId } = pass;
  const caller: Caller = { workspace, livemode, keyId: `of ${affiliateId}`, scopes: [], keyless: true };
  return (purpose === 'session' ? barred(pass) : null) ?? { caller, affiliateId };
}

async function open(work: Clockwork, token: string): Promise<Pass | Refusal> {
  const pass = await find(work, token, ['portal', 'embed']);
  if (isRefusal(pass)) return pass;
  const { workspace, purpose, used } = pass;
  if (purpose === 'portal' && used) return USED;
  const refused = barred(pass);
  if (refused) return refused;
  const session = newToken('session');
  const at = work.now();
  const opened = { hash: hashOf(session), at, expiresAt: at + PASSES.session.lastsMs };
  const expiresAt = await openSession(work.database.of(workspace), workspace, hashOf(token), opened);
  return expiresAt === null ? USED : { token: session, expiresAt };
}

const MOST_COUPONS = 50;
const MOST_CREATIVES = 50;

async function overview(
  tx: Parameters<typeof findAffiliate>[0],
  { caller, affiliateId }: Holder,
  paging: Parameters<PortalDesk['overview']>[1],
): Promise<Overview | Refusal> {
  const { workspace, livemode } = caller;
  const affiliate = await findAffiliate(tx, workspace, affiliateId);
  const program = affiliate && (await findProgram(tx, workspace, affiliate.programId));
  if (!affiliate || !program) return noAffiliate(affiliateId);
  const page = await referralPage(tx, workspace, affiliateId);
  const coupons = await listCoupons(tx, workspace, { affiliateId, limit: MOST_COUPONS, offset: 0 });
  const given = { program: program.id, category: null, limit: MOST_CREATIVES, offset: 0 };
  const creatives = await listCreatives(tx, workspace, given);
  return {
    affiliate,
    program,
    website: page.website !== null && isPage(page.website) ? page.website : null,
    link: referralLink(page, affiliate.trackingId),
    coupons: coupons.rows,
    balances: await balancesNow(tx, workspace, livemode, affiliateId),
    creatives: creatives.rows,
    sums: await sumsOf(tx, caller, program.currency, affiliateId),
    earnings: await listEarnings(tx, caller, affiliateId, paging),
  };
}

async function join(work: Clockwork, caller: Caller, joining: Joining): Promise<AffiliateView | Refusal> {
  const program = await findProgram(work.database.of(caller.workspace), caller.workspace, joining.programId);
  if (!program) return refuse('not_found', `There is no program "${joining.programId}".`, { field: 'programId' });
  const found = await known(work, caller, joining, program);
  if (isRefusal(found)) return found;
  return found ? told(work, caller, found, joining) : make(work, caller, joining, program);
}

/** null: nobody has the e-mail yet. */
async function known(
  work: Clockwork,
  { workspace }: Caller,
  { affiliateId, programId, email }: Joining,
  program: ProgramSetup,
): Promise<AffiliateView | Refusal | null> {
  const tx = work.database.of(workspace);
  if (affiliateId === null) return findAffiliateByEmail(tx, workspace, program.id, email ?? '');
  const found = await findAffiliate(tx, workspace, affiliateId);
  return found && (programId === null || found.programId === programId)
    ? found
    : { ...noAffiliate(affiliateId), field: 'affiliate_id' };
}

/** What stands already is not written again: a page may be shown very often. */
async function told(
  work: Clockwork,
  caller: Caller,
  affiliate: AffiliateView,
  { externalUserId, metadata, image }: Joining,
): Promise<AffiliateView | Refusal> {
  const changes = {
    ...(externalUserId === null || externalUserId === affiliate.externalUserId ? {} : { externalUserId }),
    ...(metadata === null || isSame(metadata, affiliate.metadata) ? {} : { metadata }),
    ...(image === null || image === affiliate.details['image'] ? {} : { details: { image } }),
  };
  if (Object.keys(changes).length === 0) return affiliate;
  return affiliateDesk(work).updateAffiliate(caller, affiliate.id, changes);
}

/** The database sorts the names of an object. */
function isSame(one: unknown, other: unknown): boolean {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}

async function make(
  work: Clockwork,
  caller: Caller,
  { email, name, image, groupId, externalUserId, metadata }: Joining,
  program: ProgramSetup,
): Promise<AffiliateView | Refusal> {
  const address = email ?? '';
  const mode = program.details['program']?.['access_mode'];
  if (mode === 'invite')
    return refuse('affiliate_not_approved', 'The program is for invited people only: make the affiliate first.', {
      field: 'partner',
    });
  return affiliateDesk(work).createAffiliate(caller, {
    programId: program.id,
    email: address,
    name: name ?? address.split('@')[0] ?? address,
    status: mode === 'public' ? 'approved' : 'pending',
    ...(groupId === null ? {} : { groupId }),
    ...(externalUserId === null ? {} : { externalUserId }),
    ...(metadata === null ? {} : { metadata }),
    ...(image === null ? {} : { details: { image } }),
  });
}
