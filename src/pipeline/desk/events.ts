/**
 * What is told of a referral beside its sales. First the referral is found, then the event is kept with what it came to,
 * then the referral's row follows it: a call that dies in between is completed by its repetition, which is answered from
 * what was kept.
 */
import type { Caller } from '../../core/desk.ts';
import type { EventDesk, EventKind, EventRequest, EventView, Told } from '../../core/event-desk.ts';
import { customerKey, moneyKey, userKey } from '../../core/keys.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { readEntry, type Entry, type EventEntry } from '../../core/requests.ts';
import { DAY_MS } from '../../core/time.ts';
import type { ReferralView } from '../../core/views.ts';
import { advanceReferral } from '../../store/advance.ts';
import { saleByMoneyKey } from '../../store/conversions.ts';
import { bodyOf } from '../../store/inbox.ts';
import { load, NOTHING_WANTED } from '../../store/load.ts';
import { findReferral } from '../../store/referrals.ts';
import { runBatch } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { fill, newSession } from '../session.ts';
import { creditOf } from './credit.ts';

type Answer = Awaited<ReturnType<EventDesk['tellEvent']>>;

export function eventDesk(work: Clockwork): EventDesk {
  return { tellEvent: (caller, request) => tell(work, caller, request) };
}

async function tell(work: Clockwork, caller: Caller, request: EventRequest): Promise<Answer> {
  const received = work.now();
  if (request.occurredAt !== null && request.occurredAt > received + DAY_MS)
    return refuse('invalid_input', 'occurred_at lies in the future', { field: 'occurred_at' });
  // Sales and events share the caller's ids, so they share the key by which a repetition is known.
  const key = entryKey('sale', caller.livemode, request.externalEventId ?? work.newId('told'));
  const before = request.externalEventId === null ? null : await toldBefore(work, caller, request, key);
  if (before) return { ...before, replayed: true };
  const at = request.occurredAt ?? received;
  const referral = await creditedTo(work, caller, request, at);
  if (isRefusal(referral)) return referral;
  const entry: EventEntry = {
    kind: 'event',
    request,
    referralId: referral.id,
    status: statusAfter(referral.status, request.kind),
  };
  const { workspace, livemode } = caller;
  const { dialect } = request;
  const item = itemOfEntry({ source: dialect, id: key, livemode, at, received }, entry);
  const settled = await runBatch(work, { workspace, livemode, source: dialect, items: [item] });
  if (settled.known.has(key)) {
    const first = await toldBefore(work, caller, request, key);
    if (first) return { ...first, replayed: true };
  }
  return { ...(await follow(work, caller, entry, key)), replayed: false };
}

/** The referral that the identifiers lead to, as they did before this very call. */
async function creditedTo(
  work: Clockwork,
  { workspace, livemode }: Caller,
  request: EventRequest,
  at: number,
): Promise<ReferralView | Refusal> {
  const tx = work.database.of(workspace);
  const { referralId, clickId, customerId, externalUserId } = request;
  const customers = [
    ...(customerId === null ? [] : [customerKey(customerId)]),
    ...(externalUserId === null ? [] : [userKey(externalUserId)]),
  ];
  const tokens = [referralId, clickId].filter((token) => token !== null);
  const loaded = await load(tx, workspace, livemode, request.dialect, { ...NOTHING_WANTED, customers, tokens });
  const session = newSession(() => work.newId('pay'));
  fill(session, loaded);
  const rules = await work.rules.of(workspace, loaded.rulesVersion);
  const credited = creditOf(session.book, rules, request, at);
  if (isRefusal(credited)) return credited;
  const referral = await findReferral(tx, workspace, credited);
  return referral ?? refuse('referral_not_found', `There is no referral "${credited}".`, { field: 'referral_id' });
}

/** An event moves a referral on and never back; who was rejected or has cancelled stays it. */
function statusAfter(status: ReferralView['status'], kind: EventKind): ReferralView['status'] {
  if (kind === 'trial' && (status === 'click' || status === 'lead')) return 'trialing';
  return status === 'click' ? 'lead' : status;
}

/** What was first told under this key; null: nothing, or it is not kept any more. */
async function toldBefore(work: Clockwork, caller: Caller, request: EventRequest, key: string): Promise<Told | null> {
  const tx = work.database.of(caller.workspace);
  const stored = await bodyOf(tx, caller.workspace, request.dialect, key);
  const entry: Entry | null = stored === null ? null : readEntry(JSON.parse(stored));
  if (entry?.kind === 'event') return follow(work, caller, entry, key);
  if (entry?.kind !== 'sale') return null;
  const money = moneyKey(request.dialect, 'sale', entry.request.externalEventId);
  const conversion = await saleByMoneyKey(tx, caller, money);
  return conversion && { conversion };
}

/** Brings the referral's row to where the event left it. A test leaves what both worlds share as it is. */
async function follow(
  work: Clockwork,
  { workspace, livemode }: Caller,
  entry: EventEntry,
  key: string,
): Promise<{ readonly event: EventView }> {
  const { request, referralId, status } = entry;
  const { customerId, externalUserId } = request;
  const at = request.occurredAt ?? work.now();
  const to = { status, customerId, externalUserId, livemode, at };
  await advanceReferral(work.database.of(workspace), workspace, referralId, to);
  const { name, kind, externalEventId } = request;
  return { event: { id: `${request.dialect}:${key}`, referralId, status, name, kind, externalEventId } };
}
