/**
 * A sale told by a caller: one inbox event, one batch, one answer. The caller's own id is the event key, so a repeated
 * call changes nothing; a Stripe id in its place makes it the same payment as the webhook's (cases.md 20, 21).
 */
import { createHash } from 'node:crypto';
import type { Caller, MoneyDesk, NewSale, SaleRequest } from '../../core/desk.ts';
import type { ConversionView } from '../../core/views.ts';
import { moneyKey } from '../../core/keys.ts';
import { isRefusal, refuse, type Refusal } from '../../core/refusals.ts';
import { isPayout, readEntry, type Entry, type EventEntry, type SaleEntry } from '../../core/requests.ts';
import { DAY_MS } from '../../core/time.ts';
import { saleByMoneyKey, type World } from '../../store/conversions.ts';
import { bodyOf } from '../../store/inbox.ts';
import { runBatch, type Item, type Settled } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { isWithdrawn } from '../commissions.ts';
import { entryKey, itemOfEntry } from '../journal.ts';
import { postedOf } from '../session.ts';
import type { Rows } from '../sheet.ts';
import { aliasOf } from './alias.ts';
import { answerOf, Answered } from './answered.ts';
import { creditOf } from './credit.ts';
import { mustEarn, settlePayout } from './rulings.ts';
import { createTurns } from '../turns.ts';
import { newSaleView } from './view.ts';

type Sold = { readonly conversion: ConversionView; readonly replayed: boolean };

/** What a guard found instead of a new sale. */
type Repeated = { readonly repeated: 'same' | 'different' | 'no_sale' };

/** Sells; `also`: rows that are written with a new sale, and only with it. */
export type Seller = (caller: Caller, told: NewSale, also?: Rows) => ReturnType<MoneyDesk['sell']>;

export function sell(work: Clockwork): Seller {
  const inTurn = createTurns();
  return async (caller, told, also = {}) => {
    const received = work.now();
    const request = requestOf(work, told);
    if (request.occurredAt !== null && request.occurredAt > received + DAY_MS)
      return refuse('invalid_input', 'created_at lies in the future', { field: 'created_at' });
    const world: World = { workspace: caller.workspace, livemode: caller.livemode };
    const entry: SaleEntry = {
      kind: 'sale',
      request,
      alias: await aliasOf(work, world, request.externalEventId),
    };
    const item = itemOfSale(caller, entry, received);
    const { workspace, livemode } = caller;
    const batch = {
      workspace,
      livemode,
      source: request.dialect,
      items: [item],
      also,
      guard: (settled: Settled) => judge(settled, item, entry, told),
    };
    const settled = await inTurn(turnOf(world, request), () =>
      answerOf<Settled, Refusal | Repeated>(() => runBatch(work, batch)),
    );
    if (isRefusal(settled)) return settled;
    if (!('repeated' in settled)) return sold(work, caller, world, entry, settled);
    const same = settled.repeated === 'same' || (settled.repeated === 'different' && told.firstWins);
    return same ? repeated(work, caller, entry, item) : again(work, caller, entry, item, settled.repeated);
  };
}

/** How a repeated id is answered is no part of the sale, and so not of the journal. */
function requestOf(
  work: Clockwork,
  { firstWins: _, clickDecides: __, externalEventId, ...rest }: NewSale,
): SaleRequest {
  return { ...rest, externalEventId: externalEventId ?? work.newId('sale') };
}

/** Sales of one buyer write the same rows. */
function turnOf({ workspace, livemode }: World, request: SaleRequest): string {
  const buyer = request.customerId ?? request.externalUserId ?? request.clickId ?? request.referralId;
  return `${workspace}\n${livemode}\n${buyer}`;
}

function itemOfSale({ livemode }: Caller, entry: SaleEntry, received: number): Item {
  const { dialect, externalEventId, occurredAt } = entry.request;
  const id = entryKey('sale', livemode, externalEventId);
  return itemOfEntry({ source: dialect, id, livemode, at: occurredAt ?? received, received }, entry);
}

const ownKeyOf = ({ request }: SaleEntry): string => moneyKey(request.dialect, 'sale', request.externalEventId);

/** The batch's guard: ends it when the call is a repeated one, credits nobody, or is no sale. */
function judge(settled: Settled, item: Item, entry: SaleEntry, asked: NewSale): void {
  const { session, decisions } = settled;
  const key = ownKeyOf(entry);
  const { request } = entry;
  const paymentId = session.book.keys.get(key) ?? '';
  const again = settled.known.has(item.ref.id);
  if (request.ordered && !asked.firstWins && (again || earned(settled, paymentId)))
    throw new Answered(alreadyEarned(request));
  if (again) {
    const payment = session.book.payments.get(paymentId);
    const told = payment?.claims[key];
    const same =
      told === undefined || (told.total === entry.request.amount && told.currency === entry.request.currency);
    throw new Answered<Repeated>({ repeated: payment === undefined ? 'no_sale' : same ? 'same' : 'different' });
  }
  const credit = asked.clickDecides ? null : creditOf(session.book, settled.rules, entry.request, item.ref.at);
  // A payment that is known already keeps its own credit: the caller adds a name for it, and may know no referral.
  if (isRefusal(credit) && (credit.refused !== 'referral_not_found' || !stood(settled, paymentId)))
    throw new Answered(credit);
  const decision = decisions.get(paymentId);
  if (!decision?.sale) throw new Answered(notPaid(request));
  if (request.ordered && (request.saleStatus ?? 'complete') === 'complete') mustEarn(decision);
}

function stood({ session }: Settled, paymentId: string): boolean {
  const { sale } = postedOf(session, paymentId);
  return sale !== null && sale.digest !== 'void';
}

/** A payment that stands and earned something already: its commission is changed, not made a second time. */
function earned({ session }: Settled, paymentId: string): boolean {
  return postedOf(session, paymentId).commissions.some((one) => !isWithdrawn(one));
}

function alreadyEarned({ externalEventId }: SaleRequest): Refusal {
  const message = `"${externalEventId}" was told before, or that payment earned something already. Change what stands by PUT /v1/commissions/{id}, or name another payment.`;
  return refuse('already_exists', message, { field: 'external_event_id' });
}

function notPaid({ externalEventId }: SaleRequest): Refusal {
  return refuse('invalid_input', `external_event_id names "${externalEventId}", which Stripe says is not paid`, {
    field: 'external_event_id',
  });
}

async function sold(
  work: Clockwork,
  caller: Caller,
  world: World,
  entry: SaleEntry,
  settled: Settled | null,
): Promise<Sold | Refusal> {
  const answered = await answer(work, world, entry, settled);
  const { commissionStatus } = entry.request;
  if (!isRefusal(answered) && commissionStatus !== null && isPayout(commissionStatus))
    await settlePayout(work, caller, answered.conversion, commissionStatus);
  return answered;
}

/** The sale as it stands. Whoever died after it, and before it was kept how much was paid out of it, told it again. */
async function repeated(work: Clockwork, caller: Caller, entry: SaleEntry, item: Item): Promise<Sold | Refusal> {
  const world: World = { workspace: caller.workspace, livemode: caller.livemode };
  if (!isPayout(entry.request.commissionStatus)) return answer(work, world, entry, null);
  const first = await entryOf(work, world, item);
  return first?.kind === 'sale' && first.request.commissionStatus === entry.request.commissionStatus
    ? sold(work, caller, world, entry, null)
    : answer(work, world, entry, null);
}

/** A new sale is shown as it was written; one that stood before is read. */
async function answer(
  work: Clockwork,
  world: World,
  entry: SaleEntry,
  settled: Settled | null,
): Promise<Sold | Refusal> {
  const key = ownKeyOf(entry);
  const paymentId = settled?.session.book.keys.get(key) ?? '';
  const replayed = settled === null || stood(settled, paymentId);
  const fresh = settled === null || replayed ? null : newSaleView(settled, paymentId, world.livemode);
  const conversion = fresh ?? (await saleByMoneyKey(work.database.of(world.workspace), world, key));
  return conversion === null ? notPaid(entry.request) : { conversion, replayed };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The id was used before, and not for this sale. */
async function again(
  work: Clockwork,
  caller: Caller,
  entry: SaleEntry,
  item: Item,
  found: Repeated['repeated'],
): Promise<Sold | Refusal> {
  const before = await entryOf(work, caller, item);
  if (before?.kind === 'event') return noSale(before);
  return found === 'different' ? differentMoney(before, entry.request) : repeated(work, caller, entry, item);
}

/** What was told under this id before; null: it is not kept any more. */
async function entryOf(work: Clockwork, { workspace }: Pick<World, 'workspace'>, { ref }: Item): Promise<Entry | null> {
  const stored = await bodyOf(work.database.of(workspace), workspace, ref.source, ref.id);
  return stored === null ? null : readEntry(JSON.parse(stored));
}

/** An id that is answered with what it was first used for would lose the sale without a word. */
function noSale({ request: { externalEventId, kind, name } }: EventEntry): Refusal {
  const message = `external_event_id "${externalEventId}" was used before for the ${kind} event "${name}". A sale needs an id of its own.`;
  return refuse('different_money', message, { field: 'external_event_id' });
}

/** Never a second row, never a silent overwrite: both bodies are named by their hashes (cases.md 21). */
function differentMoney(before: Entry | null, request: SaleRequest): Refusal {
  const first = before?.kind === 'sale' ? sha256(before.request.body) : 'no longer kept';
  return refuse(
    'different_money',
    `external_event_id "${request.externalEventId}" was used before for another amount or currency`,
    {
      field: 'external_event_id',
      details: [
        { field: 'first_body_sha256', message: first },
        { field: 'this_body_sha256', message: sha256(request.body) },
      ],
    },
  );
}
