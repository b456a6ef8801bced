/**
 * Leads and sales of customers, told under the caller's own ids. The click is found first; from there on a lead is a
 * binding and a sale a sale like any other, and what is said of the customer is written with it, or not at all.
 */
import type { ShortLinkView } from '../../core/catalogue-desk.ts';
import type { CustomerDesk, CustomerTold, LeadCall, SaleCall, Tracked } from '../../core/customer-desk.ts';
import type { Caller } from '../../core/desk.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { readEntry, type LeadEntry, type SaleEntry } from '../../core/requests.ts';
import { newSale } from '../../core/sale-request.ts';
import { bindSignup, giveUpEmail, referralOfEmail } from '../../store/clicks.ts';
import { isRetryable } from '../../store/database.ts';
import { bodyOf } from '../../store/inbox.ts';
import { findCustomer, findLead, latestLead, listCustomers, type Credited } from '../../store/profiles.ts';
import { linkOfClick } from '../../store/short-links.ts';
import { settingsNow } from '../../store/workspaces.ts';
import { runBatch } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { idOf } from '../ids.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { iso, type Rows } from '../sheet.ts';
import { createTurns } from '../turns.ts';
import type { Seller } from './sell.ts';

export function customerDesk(work: Clockwork, sell: Seller): CustomerDesk {
  const inTurn = createTurns();
  const turnOf = ({ workspace, livemode }: Caller, { externalId }: CustomerTold): string =>
    `${workspace}\n${livemode}\n${externalId}`;
  return {
    trackLead: (caller, call) => inTurn(turnOf(caller, call.customer), () => trackLead(work, caller, call)),
    trackSale: (caller, call) => trackSale(work, sell, caller, call),
    customers: (caller, { id, externalId, ...order }) => {
      const named = { profile_id: id, external_id: externalId };
      const conditions = Object.entries(named).filter((pair): pair is [string, string] => pair[1] !== null);
      return listCustomers(work.database.of(caller.workspace), caller, conditions, order);
    },
  };
}

/** A caller's own id of a customer is their app user; an id of Stripe's is also the Stripe customer. */
function namesOf(externalId: string): { readonly externalUserId: string; readonly customerId: string | null } {
  return { externalUserId: externalId, customerId: externalId.startsWith('cus_') ? externalId : null };
}

function profileOf(work: Clockwork, { workspace, livemode }: Caller, told: CustomerTold): Rows {
  const { externalId, name, email, avatar } = told;
  const kept = [email === undefined, avatar === undefined];
  const row = [workspace, livemode, externalId, work.newId('cst'), name, email ?? null, avatar ?? null, ...kept];
  return { profiles: [[...row, iso(work.now())]] };
}

type Said = Pick<Tracked, 'clickId' | 'eventName' | 'metadata'>;

/** `link` null: that of the click, which a repeated call may name although its referral was deleted since. */
async function answerWith(
  work: Clockwork,
  caller: Caller,
  externalId: string,
  said: Said,
  link: ShortLinkView | null,
): Promise<Tracked | Refusal> {
  const shown = link ? { link } : await named(work, caller, said.clickId);
  if (isRefusal(shown)) return shown;
  const customer = await findCustomer(work.database.of(caller.workspace), caller, externalId);
  if (!customer) throw new Error(`the customer "${externalId}" was not kept`);
  return { ...said, link: shown.link, customer };
}

/** The click that is named; refused when it came through no link. */
async function named(work: Clockwork, caller: Caller, clickId: string): Promise<Credited | Refusal> {
  const link = await linkOfClick(work.database.of(caller.workspace), caller, clickId);
  return link
    ? { clickId, link }
    : refuse('not_found', `There is no click "${clickId}" through a link of this workspace.`, { field: 'clickId' });
}

async function latest(work: Clockwork, caller: Caller, externalId: string): Promise<Credited | Refusal> {
  return (
    (await latestLead(work.database.of(caller.workspace), caller, externalId, null)) ??
    refuse('referral_not_found', `Customer "${externalId}" has no lead yet, so send a clickId.`, { field: 'clickId' })
  );
}

async function trackLead(work: Clockwork, caller: Caller, call: LeadCall): Promise<Tracked | Refusal> {
  const { workspace, livemode } = caller;
  const { dialect, customer, eventName, metadata, once } = call;
  const tx = work.database.of(workspace);
  const leadId = once === null ? work.newId('lead') : idOf('lead', JSON.stringify([dialect, livemode, once]));
  const before = once === null ? null : await findLead(tx, workspace, leadId);
  if (before) return answerWith(work, caller, before.externalId, before, null);
  const credited = await (call.clickId === null
    ? latest(work, caller, customer.externalId)
    : named(work, caller, call.clickId));
  if (isRefusal(credited)) return credited;
  const { clickId, link } = credited;
  // A test must not turn the click into a lead.
  if (livemode) await bind(work, workspace, clickId, customer);
  const at = work.now();
  const lead = [workspace, leadId, livemode, customer.externalId, clickId, eventName, textOf(metadata), iso(at)];
  const also: Rows = { ...profileOf(work, caller, customer), leads: [lead] };
  const id = entryKey('lead', livemode, leadId);
  const entry: LeadEntry = {
    kind: 'lead',
    referralId: clickId,
    email: customer.email ?? null,
    ...namesOf(customer.externalId),
    body: call.body,
  };
  const item = itemOfEntry({ source: dialect, id, livemode, at, received: at }, entry);
  const settled = await runBatch(work, { workspace, livemode, source: dialect, items: [item], also });
  const first = settled.known.has(id) ? await findLead(tx, workspace, leadId) : null;
  if (first) return answerWith(work, caller, first.externalId, first, null);
  return answerWith(work, caller, customer.externalId, { clickId, eventName, metadata }, link);
}

const textOf = (metadata: LeadCall['metadata']): string | null => (metadata === null ? null : JSON.stringify(metadata));

/**
 * Writes who the lead is onto its click, where nothing stands yet. An e-mail that is another referral's stays there,
 * unless it was only said without a key.
 */
async function bind(work: Clockwork, workspace: string, clickId: string, customer: CustomerTold): Promise<void> {
  const tx = work.database.of(workspace);
  const who = { externalUserId: customer.externalId, name: customer.name, email: null };
  const bound = await bindSignup(tx, workspace, clickId, who, work.now());
  const { email = null } = customer;
  if (bound === null || email === null || (bound.email !== null && !bound.unproven?.includes('email'))) return;
  const owner = await referralOfEmail(tx, workspace, bound.programId, email);
  if (owner !== null && owner !== clickId && !(await giveUpEmail(tx, workspace, bound.programId, email))) return;
  try {
    await bindSignup(tx, workspace, clickId, { ...who, email }, work.now());
  } catch (error) {
    // Another sign-up took the e-mail between the question and the write.
    if (!isRetryable(error)) throw error;
  }
}

type Sold = Tracked & { readonly amount: bigint; readonly currency: string };

async function trackSale(work: Clockwork, sell: Seller, caller: Caller, call: SaleCall): Promise<Sold | Refusal> {
  const once = await nameOf(work, caller, call);
  const told = await toldBefore(work, caller, call.dialect, once);
  const credited = told ? { clickId: told.request.clickId ?? '', link: null } : await creditedClick(work, caller, call);
  if (isRefusal(credited)) return credited;
  const { clickId } = credited;
  const { dialect, customer, amount, currency, eventName, metadata, leadEventName, body } = call;
  const sold = await sell(
    caller,
    newSale({
      dialect,
      externalEventId: once,
      clickDecides: true,
      clickId,
      ...namesOf(customer.externalId),
      email: customer.email ?? null,
      amount,
      currency,
      metadata: { eventName, metadata, leadEventName },
      body,
    }),
    profileOf(work, caller, customer),
  );
  if (isRefusal(sold)) return sold;
  const first = sold.replayed ? (told ?? (await toldBefore(work, caller, dialect, once))) : null;
  const answer = first
    ? await answerWith(work, caller, first.request.externalUserId ?? '', saidIn(first), null)
    : await answerWith(work, caller, customer.externalId, { clickId, eventName, metadata }, credited.link);
  return isRefusal(answer) ? answer : { ...answer, amount, currency };
}

/** What names the call: the invoice, where the workspace says that it does, else the caller's own key. */
async function nameOf({ database }: Clockwork, { workspace }: Caller, call: SaleCall): Promise<string | null> {
  if (call.invoiceId === null) return call.once;
  const { uniqueInvoiceIds } = await settingsNow(database.of(workspace), workspace);
  return uniqueInvoiceIds ? call.invoiceId : call.once;
}

/** The first call of this name; null: there was none. */
async function toldBefore(
  { database }: Clockwork,
  { workspace, livemode }: Caller,
  dialect: string,
  once: string | null,
): Promise<SaleEntry | null> {
  if (once === null) return null;
  const stored = await bodyOf(database.of(workspace), workspace, dialect, entryKey('sale', livemode, once));
  const entry = stored === null ? null : readEntry(JSON.parse(stored));
  return entry?.kind === 'sale' ? entry : null;
}

function saidIn({ request }: SaleEntry): Said {
  const { eventName, metadata } = request.metadata as Said;
  return { clickId: request.clickId ?? '', eventName, metadata };
}

/** The published order: the lead of the name given, the click, the customer's latest lead. */
async function creditedClick(work: Clockwork, caller: Caller, call: SaleCall): Promise<Credited | Refusal> {
  const { leadEventName, clickId } = call;
  const { externalId } = call.customer;
  if (leadEventName !== null) {
    const lead = await latestLead(work.database.of(caller.workspace), caller, externalId, leadEventName);
    if (lead) return lead;
  }
  return clickId === null ? latest(work, caller, externalId) : named(work, caller, clickId);
}
