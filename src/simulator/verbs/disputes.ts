import { DAY } from '../calendar.ts';
import { disputeObject, type DisputeSpec } from '../objects/dispute.ts';
import { plain } from '../shelf.ts';
import type { SimulatedDispute, SimulatedPayment } from '../state.ts';
import type { World } from '../world.ts';
import { replaceCharge } from './refunds.ts';

/** How a dispute begins. Amount in minor units of the dispute's currency. */
export interface DisputeArguments {
  /** Default: all that was captured. */
  amount?: number | undefined;
  /** Another currency than the charge's, as card networks may use. */
  currency?: string | undefined;
  /** Moves no money until it escalates. */
  inquiry?: boolean | undefined;
  /** Which charge of a payment in parts; default the first. */
  charge?: number | undefined;
  /** Default `fraudulent`. */
  reason?: string | undefined;
  /**
   * Who tells of the withdrawal: `told` by an event of its own (default), `shown` in the dispute only, `untold` until
   * the end, as on endpoints that do not subscribe to `funds_withdrawn` and `funds_reinstated`.
   */
  funds?: 'told' | 'shown' | 'untold' | undefined;
}

function tell(world: World, opened: SimulatedDispute, what: string, previous?: Record<string, string>): void {
  world.tell(`charge.dispute.${what}`, plain(disputeObject), opened.spec, previous);
}

function begun(world: World, payment: SimulatedPayment, given: DisputeArguments, status: string): SimulatedDispute {
  const charge = payment.charges[given.charge ?? 0];
  if (!charge) throw new RangeError('dispute: no money moved on Stripe');
  world.beginAutomatic();
  const spec: DisputeSpec = {
    id: world.ids.next('du'),
    amount: given.amount ?? charge.amountCaptured ?? charge.amount,
    currency: given.currency ?? charge.currency,
    charge: charge.id,
    paymentIntent: charge.paymentIntent,
    created: world.time,
    status,
    reason: given.reason,
    livemode: world.livemode,
  };
  replaceCharge(world, payment, { ...charge, disputed: true });
  return { id: spec.id, payment, spec, funds: given.funds ?? 'told' };
}

/** Opens a dispute (scenarios 23 and 24): an inquiry moves no money, a real one withdraws it at once. */
export function dispute(world: World, payment: SimulatedPayment, given: DisputeArguments = {}): SimulatedDispute {
  const opened = begun(world, payment, given, given.inquiry ? 'warning_needs_response' : 'needs_response');
  if (!given.inquiry && opened.funds === 'shown') moveFunds(world, opened);
  tell(world, opened, 'created');
  if (!given.inquiry && opened.funds === 'told') withdraw(world, opened);
  return opened;
}

function moveFunds(world: World, opened: SimulatedDispute): void {
  const moves = opened.spec.balanceTransactions ?? [];
  opened.spec = { ...opened.spec, balanceTransactions: [...moves, world.ids.next('txn')] };
}

function withdraw(world: World, opened: SimulatedDispute): void {
  moveFunds(world, opened);
  world.tell('charge.dispute.funds_withdrawn', plain(disputeObject), opened.spec, { balance_transactions: [] });
}

/** An inquiry becomes a dispute: `charge.dispute.updated`, `charge.dispute.funds_withdrawn`. */
export function escalateDispute(world: World, opened: SimulatedDispute): void {
  world.beginAutomatic();
  opened.spec = { ...opened.spec, status: 'needs_response' };
  if (opened.funds === 'shown') moveFunds(world, opened);
  tell(world, opened, 'updated', { status: 'warning_needs_response' });
  if (opened.funds === 'told') withdraw(world, opened);
}

/** The merchant sends evidence: `charge.dispute.updated`, an inquiry stays an inquiry. */
export function answerDispute(world: World, opened: SimulatedDispute): void {
  world.beginCall();
  const was = opened.spec.status;
  const status = was.startsWith('warning_') ? 'warning_under_review' : 'under_review';
  opened.spec = { ...opened.spec, status };
  tell(world, opened, 'updated', { status: was });
}

/** How a dispute ends. */
export interface CloseDisputeArguments {
  /** How long the bank took; default 30, 0 for at once. */
  afterDays?: number | undefined;
  /** Given back when won, minor units; default all, less when a part was refunded before. */
  reinstated?: number | undefined;
}

/**
 * Decides a dispute: `won` gives the money back, `lost` keeps it, `warning_closed` ends an inquiry, `prevented`
 * ends it before it cost anything (a refund settled it; play that refund beside it).
 */
export function closeDispute(
  world: World,
  opened: SimulatedDispute,
  outcome: 'won' | 'lost' | 'warning_closed' | 'prevented',
  { afterDays = 30, reinstated }: CloseDisputeArguments = {},
): void {
  world.time += Math.round(afterDays * DAY);
  world.beginAutomatic();
  const was = opened.spec.status;
  if (outcome === 'lost' && was !== 'under_review') {
    world.tell(
      'charge.dispute.updated',
      plain(disputeObject),
      { ...opened.spec, status: 'under_review' },
      { status: was },
    );
  }
  opened.spec = { ...opened.spec, status: outcome };
  const moved = (opened.spec.balanceTransactions ?? []).length > 0;
  if (outcome === 'lost' && !moved) moveFunds(world, opened);
  const returns = moved && (outcome === 'won' || outcome === 'prevented');
  if (returns && opened.funds === 'shown') reinstate(world, opened, reinstated);
  tell(world, opened, 'closed', { status: was });
  if (!returns || opened.funds !== 'told') return;
  const moves = opened.spec.balanceTransactions ?? [];
  reinstate(world, opened, reinstated);
  world.tell('charge.dispute.funds_reinstated', plain(disputeObject), opened.spec, { balance_transactions: moves });
}

function reinstate(world: World, opened: SimulatedDispute, amount: number | undefined): void {
  moveFunds(world, opened);
  opened.spec = { ...opened.spec, reinstated: amount };
}

/**
 * A bank debit comes back after it had succeeded (scenario 17, weeks later): a dispute that is lost from the start.
 * All its events belong to one moment.
 */
export function bankReturn(
  world: World,
  payment: SimulatedPayment,
  { reason = 'bank_cannot_process', ...given }: Omit<DisputeArguments, 'inquiry'> = {},
): SimulatedDispute {
  const opened = begun(world, payment, { ...given, reason }, 'lost');
  if (opened.funds === 'shown') moveFunds(world, opened);
  tell(world, opened, 'created');
  if (opened.funds === 'told') withdraw(world, opened);
  if (opened.funds === 'untold') moveFunds(world, opened);
  tell(world, opened, 'closed');
  return opened;
}

/** A dispute that the network's rules settle by a refund before it opens: born and closed as `prevented`, no money. */
export function preventedDispute(
  world: World,
  payment: SimulatedPayment,
  given: Omit<DisputeArguments, 'inquiry' | 'funds'> = {},
): SimulatedDispute {
  const opened = begun(world, payment, { ...given, funds: 'untold' }, 'prevented');
  tell(world, opened, 'created');
  tell(world, opened, 'closed');
  return opened;
}
