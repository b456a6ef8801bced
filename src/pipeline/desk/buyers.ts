/**
 * Who somebody is credited to, by the names a merchant has for them, and the sign-up that binds those names. What a
 * customer key leads to is found as the decision of a payment finds it.
 */
import type { Buyer, BuyerCredit, BuyerDesk, BuyerNames, Led, LeadRequest } from '../../core/buyers.ts';
import { attribute, type CreditWorld } from '../../core/attribution.ts';
import type { Caller, SignupRequest } from '../../core/desk.ts';
import { PROVISIONAL, UNPROVEN } from '../../core/facts.ts';
import { userKey } from '../../core/keys.ts';
import { EMPTY_PAYMENT, type CustomerState } from '../../core/merge.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import type { LeadEntry } from '../../core/requests.ts';
import { settingsAt, type Settings } from '../../core/rules.ts';
import { DAY_MS } from '../../core/time.ts';
import { keepKeylessNames } from '../../store/clicks.ts';
import { creditedTo, referralOfUser, type Credited } from '../../store/followers.ts';
import { load, NOTHING_WANTED } from '../../store/load.ts';
import { runBatch } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { fill, newSession } from '../session.ts';
import { arrive } from './followers.ts';
import { asTracked, digestOf, namesIn, signUp } from './sign-up.ts';

export function buyerDesk(work: Clockwork): BuyerDesk {
  const bind = signUp(work);
  return {
    arrive: arrive(work),
    buyer: (caller, names) => buyerOf(work, caller, names),
    lead: (caller, request) => lead(work, bind, caller, request),
  };
}

type KeyCredit = {
  /** There is a customer of this key. */
  readonly known: boolean;
  /** As a payment would be credited. */
  readonly referralId: string | null;
  /** The same without what was only said by a browser. */
  readonly proven: string | null;
  /** The same without everything that was said without a key. */
  readonly certain: string | null;
  readonly settings: Settings;
};

/** Whom a customer key leads to in the caller's world, as a payment of this moment would be credited. */
async function creditOfKey(work: Clockwork, caller: Caller, customerKey: string | null): Promise<KeyCredit> {
  const { workspace, livemode } = caller;
  const customers = customerKey === null ? [] : [userKey(customerKey)];
  const loaded = await load(work.database.of(workspace), workspace, livemode, 'operator', {
    ...NOTHING_WANTED,
    customers,
  });
  const { book, ...session } = newSession(() => work.newId('pay'));
  fill({ book, ...session }, loaded);
  const rules = await work.rules.of(workspace, loaded.rulesVersion);
  const settings = settingsAt(rules, rules.version);
  const [party] = customers;
  if (party === undefined || !book.customers.has(party))
    return { known: false, referralId: null, proven: null, certain: null, settings };
  const bought = { party, subscription: null, paidAt: work.now(), moneyKey: party };
  const creditBy = (customer: CreditWorld['customer']): string | null => {
    const referral = (token: string) => book.referrals.get(token);
    const price = (key: string) => book.prices.get(key);
    return attribute(EMPTY_PAYMENT, bought, { customer, referral, price, rules }, settings).referral?.id ?? null;
  };
  const customer = (key: string) => book.customers.get(key);
  const below = (doubt: number) => creditBy((key) => told(customer(key), doubt));
  return {
    known: true,
    referralId: creditBy(customer),
    proven: below(PROVISIONAL),
    certain: below(UNPROVEN),
    settings,
  };
}

/** Only what was told with more certainty than this. */
function told(state: CustomerState | undefined, doubt: number): CustomerState | undefined {
  return state && { ...state, touches: state.touches.filter(({ rank }) => rank < doubt) };
}

async function buyerOf(work: Clockwork, caller: Caller, { customerKey, clickId }: BuyerNames): Promise<Buyer> {
  const byKey = customerKey === null ? null : await creditOfKey(work, caller, customerKey);
  const own = byKey?.referralId ?? null;
  const credited = own === null ? null : await found(work, caller, own);
  if (own !== null && credited?.affiliateId) return { known: true, credit: shown(work, credited, own, 'customer_key') };
  const paid = byKey?.known ? await creditOfPayments(work, caller, customerKey ?? '') : null;
  if (paid) return { known: true, credit: paid };
  const clicked = clickId === null ? null : await found(work, caller, clickId);
  if (!clicked) return { known: byKey?.known ?? false, credit: null };
  const nobodys = clicked.status === 'rejected' || clicked.affiliateId === null;
  return { known: true, credit: nobodys ? null : shown(work, clicked, clickId ?? '', 'click_id') };
}

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
 * the customer key. What was only said without a key holds nobody against who says otherwise with one.
 */
async function lead(work: Clockwork, bind: Bind, caller: Caller, request: LeadRequest): Promise<Led | Refusal> {
  const { customerKey, clickId } = request;
  const byKey = await creditOfKey(work, caller, customerKey);
  const clicked = clickId === null ? null : await found(work, caller, clickId);
  const held = caller.keyless ? byKey.proven : byKey.certain;
  const referralId = held ?? (clicked ? clickId : (byKey.proven ?? byKey.referralId));
  if (referralId === null) return refuse('not_found', 'Nobody is known by this click id or customer key.');
  const known = referralId === clickId && clicked ? clicked : await found(work, caller, referralId);
  if (known?.hasBought) return { outcome: 'beyond', status: 'conversion' };
  if (known?.status === 'rejected') return { outcome: 'beyond', status: 'rejected' };
  // A backend that names neither this click nor a customer whom it brought itself bears nothing out.
  const borneOut = !caller.keyless && (referralId === clickId || referralId === byKey.certain);
  const signup = signupOf(caller, request, referralId, !borneOut);
  if (!caller.keyless) return recorded(bind, caller, signup);
  const wanted = await asTracked(work, caller.workspace, signup);
  const { leadAuth, keylessBuyers: most } = byKey.settings;
  const tx = work.database.of(caller.workspace);
  if (!(await keepKeylessNames(tx, caller.workspace, referralId, namesIn(wanted), most)))
    return { outcome: 'beyond', status: known?.status === 'click' ? 'click' : 'lead' };
  return leadAuth === 'server_required' ? provisional(work, caller, wanted) : recorded(bind, caller, signup);
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
