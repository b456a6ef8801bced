/** Referrals at the desk: create, bind, read, reject, delete. */
import type { AffiliateView, ReferralView } from '../../core/views.ts';
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { DAY_MS } from '../../core/time.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import { giveUpEmail } from '../../store/clicks.ts';
import { changeReferral, insertReferral, type ReferralChanges } from '../../store/leads.ts';
import { currencyOf } from '../../store/programs.ts';
import { deleteReferral, findReferral, listReferrals, paymentsThatName, referralSums } from '../../store/referrals.ts';
import { takenIndex } from '../../store/taken.ts';
import type { Clockwork } from '../clockwork.ts';
import { noAffiliate } from './affiliates.ts';
import { decideAgain } from './again.ts';
import { leadOf, takeUp, type Identity, type Lead } from './leads.ts';

type Part = Pick<OfficeDesk, 'createReferral' | 'referral' | 'referrals' | 'updateReferral' | 'deleteReferral'>;
type NewReferral = Parameters<OfficeDesk['createReferral']>[1];
type Changes = Parameters<OfficeDesk['updateReferral']>[2];

export function referralDesk(work: Clockwork): Part {
  return {
    createReferral: (caller, input) => create(work, caller, input),
    referral: (caller, id) => read(work, caller, id),
    referrals: ({ workspace, livemode }, filter) =>
      listReferrals(work.database.of(workspace), workspace, { ...filter, livemode }),
    updateReferral: (caller, id, changes, body) => update(work, caller, id, changes, body),
    deleteReferral: (caller, id) => remove(work, caller, id),
  };
}

function noReferral(id: string): Refusal {
  return refuse('not_found', `There is no referral "${id}".`);
}

function emailTaken(email: string | null | undefined): Refusal {
  return refuse('already_exists', `"${email}" is another referral of this program.`, {
    field: 'email',
  });
}

function clickTaken(id: string): Refusal {
  return refuse('already_exists', `Click "${id}" is a referral already.`, { field: 'click_id' });
}

/**
 * A click is no referral yet, and one of nobody is none at all: they are not shown. Nor does the live world show what is
 * only a test.
 */
async function shown(work: Clockwork, { workspace, livemode }: Caller, id: string): Promise<ReferralView | Refusal> {
  const referral = await findReferral(work.database.of(workspace), workspace, id);
  if (referral === null || referral.status === 'click' || referral.affiliateId === '') return noReferral(id);
  return referral.testOnly && livemode ? noReferral(id) : referral;
}

async function read(work: Clockwork, caller: Caller, id: string): ReturnType<OfficeDesk['referral']> {
  const referral = await shown(work, caller, id);
  if (isRefusal(referral)) return referral;
  const { of } = work.database;
  const sums = await referralSums(of(caller.workspace), caller.workspace, caller.livemode, id);
  const own = await currencyOf(of(caller.workspace), caller.workspace);
  // One number per figure is what the dialect can say: the workspace's currency, else the one bought in last.
  const told = sums.find(({ currency }) => currency === own) ?? sums[0];
  const stats = told ?? {
    revenue: 0n,
    commission: 0n,
    orders: 0,
    lastOrderAt: null,
    currency: own,
  };
  return { ...referral, stats };
}

async function create(work: Clockwork, caller: Caller, input: NewReferral): Promise<ReferralView | Refusal> {
  const { workspace } = caller;
  const affiliate = await findAffiliate(work.database.of(workspace), workspace, input.affiliateId);
  if (!affiliate) return { ...noAffiliate(input.affiliateId), field: 'affiliate_id' };
  if ((input.createdAt ?? 0) > work.now() + DAY_MS)
    return refuse('invalid_input', 'created_at lies in the future', { field: 'created_at' });
  const made =
    input.clickId === null
      ? await insert(work, affiliate, input, workspace)
      : await convert(work, affiliate, input, caller);
  if (isRefusal(made)) return made;
  await takeUp(work, workspace, made.lead);
  // A click that already earned and becomes a rejected referral earns no more.
  if (input.status === 'rejected')
    await decideAgain(work, workspace, await paymentsThatName(work.database.of(workspace), workspace, made.id));
  return (await findReferral(work.database.of(workspace), workspace, made.id)) ?? noReferral(made.id);
}

type Made = { readonly id: string; readonly lead: Lead };

async function insert(
  work: Clockwork,
  affiliate: AffiliateView,
  input: NewReferral,
  workspace: string,
): Promise<Made | Refusal> {
  const id = work.newId('ref');
  const now = work.now();
  const status = input.status ?? 'lead';
  const lead = leadOf(work, id, input, input.body);
  const referral: ReferralView = {
    id,
    affiliateId: affiliate.id,
    programId: affiliate.programId,
    status,
    email: input.email,
    name: input.name ?? null,
    customerId: input.customerId ?? null,
    externalUserId: input.externalUserId ?? null,
    subscriptionId: input.subscriptionId ?? null,
    metadata: input.metadata ?? {},
    createdAt: input.createdAt ?? now,
    convertedAt: isConverted(status) ? now : null,
  };
  const tx = work.database.of(workspace);
  const write = (): Promise<ReferralView | null> => insertReferral(tx, workspace, referral, lead.journal);
  // An e-mail that was only said without a key gives way.
  const freed = (): Promise<boolean> => giveUpEmail(tx, workspace, affiliate.programId, input.email ?? '');
  const made = (await write()) ?? ((await freed()) ? await write() : null);
  return made ? { id, lead } : emailTaken(input.email);
}

/** A lead has shown interest, a rejected one is none; every other status says that it became a customer. */
const isConverted = (status: ReferralView['status']): boolean => status !== 'lead' && status !== 'rejected';

/** The click becomes the referral and keeps its id, so that payments that carry the click are credited to it. */
async function convert(
  work: Clockwork,
  affiliate: AffiliateView,
  input: NewReferral,
  { workspace, livemode }: Caller,
): Promise<Made | Refusal> {
  const id = input.clickId ?? '';
  const click = await findReferral(work.database.of(workspace), workspace, id);
  if (click?.programId !== affiliate.programId || (click.testOnly && livemode))
    return refuse('not_found', `There is no click "${id}" in this program.`, { field: 'click_id' });
  if (click.status !== 'click') return clickTaken(id);
  if (click.affiliateId !== affiliate.id)
    return refuse('identifiers_disagree', `Click "${id}" came through another affiliate.`, {
      field: 'click_id',
    });
  const lead = leadOf(work, id, input, input.body);
  const status = input.status ?? 'lead';
  const changes = {
    ...changesOf(input),
    status,
    convertedAt: isConverted(status) ? work.now() : null,
  };
  const made = await change(work, workspace, id, 'click', changes, lead);
  return isRefusal(made) ? made : { id, lead };
}

/** Only what is given: null means that the caller did not say. */
function changesOf(input: Changes): ReferralChanges {
  const { email, name, customerId, externalUserId, subscriptionId, metadata, status } = input;
  const all = { email, name, customerId, externalUserId, subscriptionId, metadata, status };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null));
}

async function change(
  work: Clockwork,
  workspace: string,
  id: string,
  was: 'click' | 'referral',
  changes: ReferralChanges,
  lead: Lead,
): Promise<ReferralView | Refusal> {
  const tx = work.database.of(workspace);
  try {
    const changed = await changeReferral(tx, workspace, id, was, changes, lead.journal);
    // A click that was found a moment ago became a referral meanwhile.
    return changed ?? (was === 'click' ? clickTaken(id) : noReferral(id));
  } catch (error) {
    if (takenIndex(error) === null) throw error;
    const { email = null } = changes;
    const { programId = '' } = (await findReferral(tx, workspace, id)) ?? {};
    const freed = email !== null && (await giveUpEmail(tx, workspace, programId, email));
    return freed ? change(work, workspace, id, was, changes, lead) : emailTaken(email);
  }
}

async function update(
  work: Clockwork,
  caller: Caller,
  id: string,
  input: Changes,
  body: string,
): Promise<ReferralView | Refusal> {
  const known = await shown(work, caller, id);
  if (isRefusal(known)) return known;
  const changes = changesOf(input);
  const lead = leadOf(work, id, bound(known, changes), body);
  const { status } = changes;
  const convertedAt = status !== undefined && isConverted(status) ? work.now() : null;
  const changed = await change(work, caller.workspace, id, 'referral', { ...changes, convertedAt }, lead);
  if (isRefusal(changed)) return changed;
  await takeUp(work, caller.workspace, lead);
  if (status === 'rejected' || (status !== undefined && known.status === 'rejected'))
    await decideAgain(
      work,
      caller.workspace,
      await paymentsThatName(work.database.of(caller.workspace), caller.workspace, id),
    );
  return shown(work, caller, id);
}

/**
 * When a name of the buyer changes, all of them are bound together again; else nothing is. A name that was only said
 * without a key is none until it is said with one.
 */
function bound({ unproven = [], ...row }: ReferralView, changes: ReferralChanges): Identity {
  const { email, customerId, externalUserId } = changes;
  const known = { ...row, ...Object.fromEntries(unproven.map((name) => [name, null])) };
  const news = [
    [email, known.email],
    [customerId, known.customerId],
    [externalUserId, known.externalUserId],
  ].some(([next, before]) => next !== undefined && next !== before);
  if (!news) return {};
  return {
    email: email ?? known.email,
    customerId: customerId ?? known.customerId,
    externalUserId: externalUserId ?? known.externalUserId,
  };
}

async function remove(work: Clockwork, caller: Caller, id: string): ReturnType<OfficeDesk['deleteReferral']> {
  const { of } = work.database;
  const known = await shown(work, caller, id);
  if (isRefusal(known)) return known;
  const blocked = known.status === 'rejected' ? await paymentsThatName(of(caller.workspace), caller.workspace, id) : [];
  const outcome = await deleteReferral(of(caller.workspace), caller.workspace, id);
  if (outcome === 'missing') return noReferral(id);
  if (outcome === 'has_money')
    return refuse(
      'invalid_input',
      `Payments are credited to referral "${id}", so it stays; set its status to "rejected" to take its commissions back.`,
    );
  await decideAgain(work, caller.workspace, blocked);
  return { deleted: true };
}
