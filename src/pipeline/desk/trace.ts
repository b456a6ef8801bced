/** Any id, the whole explanation: what it was, who was credited, which rule, which arithmetic, or why nothing. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import type { ConversionView, TraceView } from '../../core/views.ts';
import { readPayment } from '../../core/codec.ts';
import { customerKey, emailKey, moneyKey, objectKey, refundKey, stripeMoneyKey, userKey } from '../../core/keys.ts';
import type { Trace } from '../../core/state.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { scopedEventId, scopedKey } from '../../core/scope.ts';
import { conversionsOfPayments } from '../../store/conversion-lists.ts';
import { transfersOf } from '../../store/ledger.ts';
import { scopesOf } from '../../store/stripe-accounts.ts';
import { referralsById } from '../../store/referrals.ts';
import {
  findCustomers,
  findEvents,
  findPayments,
  parkedWithRefund,
  survivors,
  whyOf,
  type Spellings,
  type TracedEvent,
  type TracedPayment,
} from '../../store/trace.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey } from '../journal.ts';
import type { Translators } from '../translate.ts';
import { customerStory, eventStory, paymentStory, referralStory, shortStory } from './story.ts';

export function traceDesk(work: Clockwork, translators: Translators): Pick<OfficeDesk, 'trace'> {
  return { trace: (caller, id) => trace(work, [...translators.keys()], caller, id) };
}

/** Every spelling an id may have: bare Stripe ids of any account, our keys as they are, and what a caller named it. */
function spellingsOf(sources: readonly string[], scopes: readonly string[], id: string): Spellings {
  const stripe = stripeMoneyKey(id);
  const inScopes = (key: string): string[] => ['', ...scopes].map((scope) => scopedKey(key, scope));
  const parties = [...inScopes(customerKey(id)), userKey(id), emailKey(id), id];
  return {
    id,
    moneyKeys: [
      id,
      ...(stripe === null ? [] : inScopes(stripe)),
      ...sources.map((source) => moneyKey(source, 'sale', id)),
    ],
    refundKeys: [id, ...inScopes(objectKey('stripe', id)), ...sources.map((source) => refundKey(source, id))],
    customerKeys: [...new Set(parties)],
  };
}

/** Inbox keys of an id: an event's own, `source:key` as the inbox shows it, a call's own id. */
function eventKeysOf(
  { livemode }: Caller,
  sources: readonly string[],
  scopes: readonly string[],
  id: string,
): string[] {
  const source = sources.find((name) => id.startsWith(`${name}:`));
  const shown = source === undefined ? [] : [id.slice(source.length + 1)];
  const scoped = scopes.map((scope) => scopedEventId(id, scope));
  return [id, ...shown, ...scoped, entryKey('sale', livemode, id), entryKey('refund', livemode, id)];
}

async function trace(
  work: Clockwork,
  sources: readonly string[],
  caller: Caller,
  id: string,
): Promise<TraceView | Refusal> {
  const { of } = work.database;
  const scopes = await scopesOf(of(caller.workspace), caller.workspace);
  const spellings = spellingsOf(sources, scopes, id);
  const events = await findEvents(of(caller.workspace), caller, sources, eventKeysOf(caller, sources, scopes, id));
  const referral = (await referralsById(of(caller.workspace), caller.workspace, [id]))[0];
  const customers = await findCustomers(of(caller.workspace), caller, spellings.customerKeys);
  const found = await findPayments(of(caller.workspace), caller, spellings);
  const parked = found.length === 0 ? await parkedWithRefund(of(caller.workspace), caller, spellings.refundKeys) : [];
  const kind = kindOf(referral !== undefined, events, found, parked, customers.length > 0);
  if (kind === null) return unheard(caller, id);
  const ids = [...found.map((one) => one.paymentId), ...events.flatMap((one) => one.payment_id ?? []), ...parked];
  const payments = await survivors(of(caller.workspace), caller, ids);
  const conversions = await conversionsOfPayments(
    of(caller.workspace),
    caller,
    payments.map((one) => one.id),
  );
  const opening = [
    ...(kind === 'event' ? events.flatMap(eventStory) : []),
    ...(referral ? [referralStory(referral)] : []),
    ...(kind === 'customer' ? customers.map(customerStory) : []),
  ];
  const told = { id, kind, opening, payments, conversions, events };
  return { ...(await view(work, caller, told)), state: referral?.status ?? stateOf(told) };
}

type Kinds = readonly { readonly kind: string }[];

/** What the id itself is; null: nobody heard of it. */
function kindOf(
  isReferral: boolean,
  events: readonly TracedEvent[],
  found: Kinds,
  parked: readonly string[],
  isCustomer: boolean,
): string | null {
  if (isReferral) return 'referral';
  const kinds = found.map((one) => one.kind);
  const own = ['commission', 'transfer', 'sale', 'refund', 'payment'].find((kind) => kinds.includes(kind));
  if (own !== undefined) return own;
  if (events.length > 0 || kinds.includes('event')) return 'event';
  if (parked.length > 0) return 'refund';
  return isCustomer || kinds.includes('customer') ? 'customer' : null;
}

function unheard({ livemode }: Caller, id: string): Refusal {
  const world = livemode ? 'live' : 'test';
  return refuse(
    'not_found',
    `Nothing is known of "${id}" in the ${world} world. Ask with a ${livemode ? 'test' : 'live'} key if it belongs there; ` +
      'if Stripe shows it, check that the endpoint is subscribed to its events and resend them from the dashboard.',
  );
}

type Told = {
  readonly id: string;
  readonly kind: string;
  readonly opening: readonly string[];
  readonly payments: readonly TracedPayment[];
  readonly conversions: readonly ConversionView[];
  readonly events: readonly TracedEvent[];
};

function stateOf({ kind, payments, conversions, events }: Told): string {
  if (kind === 'event' && events[0]) return events[0].state;
  if (kind === 'customer') return 'known';
  if (payments.some((one) => one.parked !== null)) return 'parked';
  return conversions.find((one) => one.kind === 'sale')?.status ?? 'nothing';
}

async function view(work: Clockwork, caller: Caller, told: Told): Promise<Omit<TraceView, 'state'>> {
  const { payments, conversions } = told;
  const { of } = work.database;
  const ids = conversions.map((one) => one.id);
  const why = await whyOf(of(caller.workspace), caller, ids);
  const [only] = payments;
  const single = payments.length === 1 && only ? only : null;
  const stories = single ? paymentStory(single, conversions, why) : conversions.map(shortStory);
  const sale = single ? conversions.find((one) => one.kind === 'sale') : undefined;
  const states = payments.map((one) => readPayment(one.state));
  return {
    asked: told.id,
    kind: told.kind,
    summary: [...told.opening, ...stories],
    keys: states.flatMap((state) => state.keys),
    events: trailOf(
      states.flatMap((state) => state.trail),
      told.events,
    ),
    conversions,
    explanation: (sale && why.get(sale.id)?.explanation) ?? null,
    transfers: await transfersOf(of(caller.workspace), caller.workspace, ids),
  };
}

/** The trail of the payments, and the event asked for when it is on none. */
function trailOf(trail: readonly Trace[], asked: readonly TracedEvent[]): Trace[] {
  const own = asked.map((event) => ({
    source: event.source,
    id: event.event_key,
    type: event.type,
    at: event.occurred_at.getTime(),
  }));
  const missing = own.filter((one) => !trail.some(({ source, id }) => source === one.source && id === one.id));
  return [...trail, ...missing].toSorted((a, b) => a.at - b.at);
}
