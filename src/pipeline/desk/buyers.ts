/**
 * Who somebody is credited to, by the names a merchant has for them, and the sign-up that binds those names. What a
 * customer key leads to is found as the decision of a payment finds it.
 */
import type { Buyer, BuyerCredit, BuyerDesk, BuyerNames, Led, LeadRequest } from '../../core/buyers.ts';
import type { Caller, SignupRequest } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { LeadEntry } from '../../core/requests.ts';
import { DAY_MS } from '../../core/time.ts';
import { keepKeylessNames } from '../../store/clicks.ts';
import { creditedTo, referralOfUser, type Credited } from '../../store/followers.ts';
import { runBatch } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { arrive } from './followers.ts';
import { creditOfKey, type KeyCredit } from './key-credit.ts';
import { asTracked, digestOf, namesIn, signUp } from './sign-up.ts';

export function buyerDesk(work: Clockwork): BuyerDesk {
  const bind = signUp(work);
  return {
    arrive: arrive(work),
    buyer: (caller, names) => buyerOf(work, caller, names),
    lead: (caller, request) => lead(work, bind, caller, request),
  };
}

/**
 * What was said with a key comes first: of the customer, by their payments, by the click that is named now. What only
 * browsers said of the customer counts where there is none of it, and only of who may earn: anybody can say it.
 */
async function buyerOf(work: Clockwork, caller: Caller, { customerKey, clickId }: BuyerNames): Promise<Buyer> {
  const byKey = customerKey === null ? null : await creditOfKey(work, caller, customerKey);
  const known = byKey?.known ?? false;
  const certain = byKey?.certain ?? null;
  const credited = certain === null ? null : await found(work, caller, certain);
  if (certain !== null && credited?.affiliateId)
    return { known, credit: shown(work, credited, certain, 'customer_key') };
  const paid = known ? await creditOfPayments(work, caller, customerKey ?? '') : null;
  if (paid) return { known, credit: paid };
  const clicked = clickId === null ? null : await found(work, caller, clickId);
  if (!clicked) return { known, credit: byKey && (await creditOfClaims(work, caller, byKey)) };
  return { known: true, credit: isNobodys(clicked) ? null : shown(work, clicked, clickId ?? '', 'click_id') };
}

const isNobodys = ({ status, affiliateId }: Credited): boolean => status === 'rejected' || affiliateId === null;

/**
 * The first of those whom browsers named that may earn; where none may, the first, so that the answer says why not. An
 * affiliate who may not, or a click that has run out, keeps nobody from whom the buyer's own browser named.
 */
async function creditOfClaims(work: Clockwork, caller: Caller, byKey: KeyCredit): Promise<BuyerCredit | null> {
  const credits: BuyerCredit[] = [];
  for (const id of byKey.claims) {
    const named = await found(work, caller, id);
    if (!named || isNobodys(named)) continue;
    const credit = shown(work, named, id, id === byKey.first ? 'customer_key' : 'claim');
    if (mayEarn(credit)) return credit;
    credits.push(credit);
  }
  return credits[0] ?? null;
}

const mayEarn = ({ approved, expired }: BuyerCredit): boolean => approved && expired === null;

/** Who paid under this key was credited by what their payments carried, which the key alone does not lead to. */
async function creditOfPayments(work: Clockwork, caller: Caller, customerKey: string): Promise<BuyerCredit | null> {
  const id = await referralOfUser(work.database.of(caller.workspace), caller.workspace, customerKey);
  const credited = id === null ? null : await found(work, caller, id);
  return id !== null && credited?.affiliateId && credited.hasBought ? shown(work, credited, id, 'click_id') : null;
}

function found(work: Clockwork, caller: Caller, id: string): Promise<Credited | null> {
  return creditedTo(work.database.of(caller.workspace), caller, id);
}

function shown(
  work: Clockwork,
  { standing, clickedAt, windowDays, hasBought }: Credited,
  referralId: string,
  by: BuyerCredit['by'],
): BuyerCredit {
  const age = clickedAt === null || hasBought ? 0 : work.now() - clickedAt;
  const expired = age > windowDays * DAY_MS ? { ageDays: Math.floor(age / DAY_MS), windowDays } : null;
  return { referralId, by, approved: standing === 'approved', expired };
}

type Bind = ReturnType<typeof signUp>;

/**
 * Whose key leads to a referral already stays with it, whatever they clicked since; else the visitor of the click id gets
 * the customer key. What was only said without a key holds nobody against who names a click.
 */
async function lead(work: Clockwork, bind: Bind, caller: Caller, request: LeadRequest): Promise<Led | Refusal> {
  const { customerKey, clickId } = request;
  const byKey = await creditOfKey(work, caller, customerKey);
  const clicked = clickId === null ? null : await found(work, caller, clickId);
  const referralId = byKey.certain ?? (clicked ? clickId : await claimed(work, caller, byKey));
  if (referralId === null) return nobody();
  const known = referralId === clickId && clicked ? clicked : await found(work, caller, referralId);
  if (known?.hasBought) return { outcome: 'beyond', status: 'conversion' };
  if (known?.status === 'rejected') return { outcome: 'beyond', status: 'rejected' };
  // A backend that names neither this click nor a customer whom it brought itself bears nothing out.
  const borneOut = !caller.keyless && (referralId === clickId || referralId === byKey.certain);
  const signup = signupOf(caller, request, referralId, !borneOut);
  if (!caller.keyless) return recorded(bind, caller, signup);
  if (!known || !takesClaims(work, known, referralId)) return nobody();
  const { leadAuth, keylessBuyers: most } = byKey.settings;
  const believed = leadAuth !== 'server_required';
  // Who knows a customer's key alone may be anybody: they add nothing to the customer, and use up nothing of the click.
  if (referralId !== clickId) return { outcome: believed ? 'recorded' : 'provisional', referralId };
  const wanted = await asTracked(work, caller.workspace, signup);
  const tx = work.database.of(caller.workspace);
  if (!(await keepKeylessNames(tx, caller.workspace, referralId, namesIn(wanted), most)))
    return { outcome: 'beyond', status: known.status === 'click' ? 'click' : 'lead' };
  return believed ? recorded(bind, caller, signup) : provisional(work, caller, wanted);
}

const nobody = (): Refusal => refuse('not_found', 'Nobody is known by this click id or customer key.');

/** To whom a customer leads of whom only browsers spoke; who may earn comes first. */
async function claimed(work: Clockwork, caller: Caller, byKey: KeyCredit): Promise<string | null> {
  return (await creditOfClaims(work, caller, byKey))?.referralId ?? byKey.claims[0] ?? null;
}

/**
 * Nobody is claimed without a key for an affiliate who may not earn, or by a click that has run out. Through a link of
 * nobody anybody may come: it earns nothing.
 */
function takesClaims(work: Clockwork, known: Credited, referralId: string): boolean {
  const credit = shown(work, known, referralId, 'click_id');
  return credit.expired === null && (credit.approved || known.affiliateId === null);
}

function signupOf(
  { livemode }: Caller,
  { dialect, customerKey, email, body }: LeadRequest,
  referralId: string,
  unproven: boolean,
): SignupRequest {
  return {
    dialect,
    clickId: referralId,
    email,
    externalUserId: customerKey,
    name: null,
    // A sign-up of the test world must not turn the click into a lead.
    leavesClick: !livemode,
    unproven,
    body,
  };
}

async function recorded(bind: Bind, caller: Caller, signup: SignupRequest): Promise<Led | Refusal> {
  const first = await bind(caller, signup);
  const taken = isRefusal(first) && first.refused === 'already_exists';
  // Their e-mail is another referral's: the lead counts, the e-mail stays where it is.
  const answer = taken ? await bind(caller, { ...signup, email: null }) : first;
  return isRefusal(answer) ? answer : { outcome: 'recorded', referralId: signup.clickId };
}

/** It is in the journal and credits a payment that nobody else is credited with; the click stays a click. */
async function provisional(work: Clockwork, { workspace, livemode }: Caller, signup: SignupRequest): Promise<Led> {
  const { dialect, clickId: referralId, email, externalUserId, body } = signup;
  const entry: LeadEntry = {
    kind: 'lead',
    referralId,
    email,
    externalUserId,
    customerId: null,
    body,
    provisional: true,
  };
  const received = work.now();
  const id = entryKey('provisional', livemode, `${referralId}:${digestOf(signup)}`);
  const item = itemOfEntry({ source: dialect, id, livemode, at: received, received }, entry);
  await runBatch(work, { workspace, livemode, source: dialect, items: [item] });
  return { outcome: 'provisional', referralId };
}
