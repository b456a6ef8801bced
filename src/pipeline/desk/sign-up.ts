/**
 * A sign-up: from now on whoever has this e-mail or app user id is credited to the click's referral, also for what they
 * bought before. The referral's row is written first and only where nothing stands yet; a call that dies in between is
 * completed by its repetition.
 */
import { createHash } from 'node:crypto';
import type { MoneyDesk, SignupRequest } from '../../core/desk.ts';
import type { ReferralView } from '../../core/views.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { readEntry, type LeadEntry } from '../../core/requests.ts';
import { settingsAt, type Rules } from '../../core/rules.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import { bindSignup, giveUpEmail, referralOfEmail } from '../../store/clicks.ts';
import { isRetryable } from '../../store/database.ts';
import { bodyOf } from '../../store/inbox.ts';
import { changeReferral } from '../../store/leads.ts';
import { detailsOfClick } from '../../store/program-setup.ts';
import { findReferral, paymentsThatName } from '../../store/referrals.ts';
import { runBatch } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { decideAgain } from './again.ts';

export function signUp(work: Clockwork): MoneyDesk['signUp'] {
  return async ({ workspace, livemode }, told) => {
    const request = await asTracked(work, workspace, told);
    const { dialect, clickId, email, externalUserId, body, externalEventId = null, unproven } = request;
    const id =
      externalEventId === null
        ? entryKey('signup', livemode, `${clickId}:${digestOf(request)}${unproven ? ':unproven' : ''}`)
        : entryKey('lead', livemode, externalEventId);
    const before = externalEventId === null ? null : await toldBefore(work, workspace, dialect, id);
    if (before) return { referral: before, replayed: true };
    const bound = await bind(work, workspace, request);
    if (isRefusal(bound)) return bound;
    const { referral, first } = bound;
    const entry: LeadEntry = {
      kind: 'lead',
      referralId: clickId,
      email,
      externalUserId,
      customerId: null,
      body,
      ...(unproven ? { unproven: true } : {}),
    };
    const received = work.now();
    const item = itemOfEntry({ source: dialect, id, livemode, at: received, received }, entry);
    const settled = await runBatch(work, { workspace, livemode, source: dialect, items: [item] });
    // A stranger must not end what a customer whose name they know is to somebody.
    const barred = unproven && !first ? null : await barSelf(work, workspace, referral, told, settled.rules);
    if (barred) return { referral: barred, replayed: settled.known.has(id) };
    if (settled.known.has(id))
      return { referral: (await toldBefore(work, workspace, dialect, id)) ?? referral, replayed: true };
    // Purchases that waited for this sign-up may have moved the referral on.
    return {
      referral: (await findReferral(work.database.of(workspace), workspace, clickId)) ?? referral,
      replayed: false,
    };
  };
}

/** The sign-up without what the program of its click does not want to know. */
export async function asTracked(work: Clockwork, workspace: string, told: SignupRequest): Promise<SignupRequest> {
  const details = await detailsOfClick(work.database.of(workspace), workspace, told.clickId);
  const { email_tracking_enabled: emails, name_tracking_enabled: names } = details?.['tracking'] ?? {};
  if (emails !== false && names !== false) return told;
  const email = emails === false ? null : told.email;
  // What came is not kept either: it holds what is not wanted.
  return { ...told, email, name: names === false ? null : told.name, body: '' };
}

/** Who signs up with the e-mail of the affiliate is no referral, where the program wants none. null: it is one. */
async function barSelf(
  work: Clockwork,
  workspace: string,
  { id, affiliateId }: ReferralView,
  { email, leavesClick }: SignupRequest,
  rules: Rules,
): Promise<ReferralView | null> {
  if (email === null || leavesClick || settingsAt(rules, rules.version).selfReferrals !== 'block') return null;
  const tx = work.database.of(workspace);
  const affiliate = await findAffiliate(tx, workspace, affiliateId);
  if (affiliate?.email.toLowerCase() !== email.trim().toLowerCase()) return null;
  const barred = await changeReferral(tx, workspace, id, 'referral', { status: 'rejected' }, NO_JOURNAL);
  await decideAgain(work, workspace, await paymentsThatName(tx, workspace, id));
  return barred;
}

const NO_JOURNAL = { at: 0, runAt: 0, entries: [] };

/** The referral that a call of this id was about; null: there was none. */
async function toldBefore(
  work: Clockwork,
  workspace: string,
  dialect: string,
  id: string,
): Promise<ReferralView | null> {
  const stored = await bodyOf(work.database.of(workspace), workspace, dialect, id);
  const entry = stored === null ? null : readEntry(JSON.parse(stored));
  return entry?.kind === 'lead' ? findReferral(work.database.of(workspace), workspace, entry.referralId) : null;
}

type Who = Pick<SignupRequest, 'email' | 'externalUserId'>;

/** The same person through the same click is the same sign-up. */
export function digestOf({ email, externalUserId }: Who): string {
  return hashOf(JSON.stringify([email?.trim().toLowerCase() ?? null, externalUserId]));
}

/** The names of a sign-up as they are counted without being kept: `kind:hash`. */
export function namesIn({ email, externalUserId }: Who): string[] {
  return [
    ...(email === null ? [] : [`email:${hashOf(email.trim().toLowerCase())}`]),
    ...(externalUserId === null ? [] : [`user:${hashOf(externalUserId)}`]),
  ];
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** `first`: nothing had come of the click before. */
type Bound = { readonly referral: ReferralView; readonly first: boolean };

async function bind(work: Clockwork, workspace: string, request: SignupRequest): Promise<Bound | Refusal> {
  const tx = work.database.of(workspace);
  const { clickId, email } = request;
  const referral = await findReferral(tx, workspace, clickId);
  if (!referral) return refuse('not_found', `There is no click "${clickId}".`, { field: 'click_id' });
  const first = referral.status === 'click';
  if (request.leavesClick) return { referral, first };
  const owner = email === null ? null : await referralOfEmail(tx, workspace, referral.programId, email);
  if (owner !== null && owner !== clickId && !(await isFreed(work, workspace, referral, request))) return taken();
  try {
    return { referral: (await bindSignup(tx, workspace, clickId, request, work.now())) ?? referral, first };
  } catch (error) {
    if (!isRetryable(error)) throw error;
    // Another sign-up took the e-mail between the question and the write.
    return (await isFreed(work, workspace, referral, request)) ? bind(work, workspace, request) : taken();
  }
}

/** Whose e-mail it is was said without a key, and gives way to who says it with one. */
async function isFreed(
  { database }: Clockwork,
  workspace: string,
  { programId }: ReferralView,
  { email, unproven = false }: SignupRequest,
): Promise<boolean> {
  return email !== null && !unproven && giveUpEmail(database.of(workspace), workspace, programId, email);
}

function taken(): Refusal {
  return refuse('already_exists', 'This e-mail belongs to another referral of the program.', {
    field: 'email',
  });
}
