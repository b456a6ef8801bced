/** Passes that let affiliates see their own: how they are given, shown and ended. */
import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from '../../core/desk.ts';
import {
  mayLook,
  referralLink,
  type Holder,
  type Pass,
  type PassPurpose,
  type PortalDesk,
} from '../../core/portal-desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { DAY_MS } from '../../core/time.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import { referralPage } from '../../store/earnings.ts';
import { deleteSession, findPass, homeOfPass, insertPass, openSession, type PassRow } from '../../store/passes.ts';
import type { Clockwork } from '../clockwork.ts';
import { noAffiliate } from './affiliates.ts';
import { join } from './joining.ts';
import { overviews } from './overview.ts';

export function portalDesk(work: Clockwork): PortalDesk {
  return {
    join: (caller, joining) => join(work, caller, joining),
    givePass: (caller, affiliateId, purpose) => give(work, caller, affiliateId, purpose),
    holderOf: (token, purpose) => holderOf(work, token, purpose),
    async bearerOf(token) {
      const pass = await opening(work, token);
      return isRefusal(pass) ? pass : holding(pass);
    },
    openPortal: (token) => open(work, token),
    async closePortal(token) {
      const home = await homeOfPass(work.database.across, hashOf(token));
      if (home !== null) await deleteSession(work.database.of(home), home, hashOf(token));
    },
    linkOf: async ({ workspace }, { id, trackingId }) =>
      referralLink(await referralPage(work.database.of(workspace), workspace, id), trackingId),
    overview: overviews(work),
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

function barred({ status }: PassRow): Refusal | null {
  if (mayLook(status)) return null;
  return refuse('affiliate_not_approved', 'The portal is not open to you. Ask the company whose partner you are.');
}

function holding({ workspace, livemode, affiliateId }: Found): Holder {
  const caller: Caller = { workspace, livemode, keyId: `of ${affiliateId}`, scopes: [], keyless: true };
  return { caller, affiliateId };
}

async function holderOf(work: Clockwork, token: string, purpose: 'embed' | 'session'): Promise<Holder | Refusal> {
  const pass = await find(work, token, [purpose]);
  if (isRefusal(pass)) return pass;
  return (purpose === 'session' ? barred(pass) : null) ?? holding(pass);
}

/** A pass that opens the portal. */
async function opening(work: Clockwork, token: string): Promise<Found | Refusal> {
  const pass = await find(work, token, ['portal', 'embed']);
  if (isRefusal(pass)) return pass;
  return pass.purpose === 'portal' && pass.used ? USED : (barred(pass) ?? pass);
}

async function open(work: Clockwork, token: string): Promise<Pass | Refusal> {
  const pass = await opening(work, token);
  if (isRefusal(pass)) return pass;
  const { workspace } = pass;
  const session = newToken('session');
  const at = work.now();
  const opened = { hash: hashOf(session), at, expiresAt: at + PASSES.session.lastsMs };
  const expiresAt = await openSession(work.database.of(workspace), workspace, hashOf(token), opened);
  return expiresAt === null ? USED : { token: session, expiresAt };
}
