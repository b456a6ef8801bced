/** A referral's public fields follow its payments. */
import type { Book } from '../core/book.ts';
import type { Decision } from '../core/decide.ts';
import type { Sale } from '../core/collect.ts';
import type { ReferralRow } from '../store/load.ts';
import type { Settled } from './batch.ts';
import { postedOf, type Session } from './session.ts';
import { iso, push, type Draft } from './sheet.ts';

const STATUS_ORDER = ['click', 'lead', 'trialing', 'customer', 'active'];

/** What a referral's row shows of its payments. */
type Shown = Pick<ReferralRow, 'status' | 'customerId' | 'externalUserId' | 'subscriptionId'> & {
  readonly convertedAt: number | null;
};

function shownOf(row: ReferralRow): Shown {
  const { status, customerId, externalUserId, subscriptionId, convertedAt } = row;
  return {
    status,
    customerId,
    externalUserId,
    subscriptionId,
    convertedAt: convertedAt === null ? null : Date.parse(convertedAt),
  };
}

function isShown(row: ReferralRow, next: Shown): boolean {
  const shown = shownOf(row);
  return (
    shown.status === next.status &&
    shown.customerId === next.customerId &&
    shown.externalUserId === next.externalUserId &&
    shown.subscriptionId === next.subscriptionId &&
    shown.convertedAt === next.convertedAt
  );
}

/** `stripe:cus_1` or `id:c_1` is a billing customer, `user:u_1` an app user, an e-mail neither. */
function namesOfParty(book: Book, party: string | null): { customerId: string | null; externalUserId: string | null } {
  const idOf = (key: string | undefined): string | null => key?.split(':').slice(1).join(':') ?? null;
  if (party === null || party.startsWith('email:')) return { customerId: null, externalUserId: null };
  if (party.startsWith('user:')) return { customerId: null, externalUserId: idOf(party) };
  const user = book.customers.get(party)?.links.find((link) => link.startsWith('user:'));
  return { customerId: idOf(party), externalUserId: idOf(user) };
}

function shownAfter(book: Book, known: Shown, sale: Sale): Shown {
  const reached = sale.trial ? 'trialing' : sale.subscription === null ? 'customer' : 'active';
  const further = STATUS_ORDER.indexOf(reached) > STATUS_ORDER.indexOf(known.status) && known.status !== 'canceled';
  const names = namesOfParty(book, sale.party);
  // A caller says that it is a subscription, not which one.
  const subscription =
    sale.subscription?.split(':')[1] === 'sale' ? null : (sale.subscription?.split(':').at(-1) ?? null);
  return {
    status: further ? reached : known.status,
    customerId: known.customerId ?? names.customerId,
    externalUserId: known.externalUserId ?? names.externalUserId,
    subscriptionId: known.subscriptionId ?? subscription,
    convertedAt:
      sale.trial || sale.cash === 0n ? known.convertedAt : Math.min(known.convertedAt ?? sale.paidAt, sale.paidAt),
  };
}

/** A referral's public fields follow its payments; with rules that look across, its row is where batches meet. */
export function draftReferrals(
  draft: Draft,
  { session, decisions, rules }: Settled,
  written: ReadonlySet<string>,
): void {
  const after = new Map<string, Shown>();
  for (const id of written) {
    const { attribution, sale } = decisions.get(id) ?? {};
    const row = session.referrals.get(attribution?.referral?.id ?? '');
    if (!row || !sale) continue;
    const known = after.get(row.id) ?? shownOf(row);
    // Test money says nothing of a visitor whom the live world knows as well.
    after.set(row.id, draft.scope.livemode || row.testOnly ? shownAfter(session.book, known, sale) : known);
  }
  for (const previous of written) {
    const row = session.referrals.get(postedOf(session, previous).referralId ?? '');
    if (row && rules.lookAcross && !after.has(row.id)) after.set(row.id, shownOf(row));
  }
  draftNewReferrals(draft, session, decisions, written);
  for (const [id, next] of after) {
    const row = session.referrals.get(id);
    if (!row) continue;
    if (!rules.lookAcross && isShown(row, next)) {
      // Unchanged, but the credit rests on it: had it been rejected meanwhile, nothing may be written.
      push(draft.rows, 'referrals_seen', [draft.scope.workspace, id, row.version]);
      continue;
    }
    const { status, customerId, externalUserId, subscriptionId, convertedAt } = next;
    const converted = convertedAt === null ? null : iso(convertedAt);
    push(draft.rows, 'referrals', [
      draft.scope.workspace,
      id,
      row.version + 1,
      status,
      customerId,
      externalUserId,
      subscriptionId,
      converted,
    ]);
  }
}

/** A buyer who came by a coupon has no click: the first payment that is credited makes the referral. */
function draftNewReferrals(
  draft: Draft,
  session: Session,
  decisions: ReadonlyMap<string, Decision>,
  written: ReadonlySet<string>,
): void {
  const shown = new Map<string, { shown: Shown; decision: Decision; paidAt: number }>();
  for (const id of written) {
    const decision = decisions.get(id);
    const referral = decision?.attribution?.referral;
    if (!decision?.sale || !referral || session.referrals.has(referral.id)) continue;
    const before = shown.get(referral.id);
    const known = before?.shown ?? NEW_REFERRAL;
    shown.set(referral.id, {
      shown: shownAfter(session.book, known, decision.sale),
      decision,
      paidAt: Math.min(before?.paidAt ?? decision.sale.paidAt, decision.sale.paidAt),
    });
  }
  for (const [id, { shown: next, decision, paidAt }] of shown) {
    const { attribution } = decision;
    const coupon = attribution?.referral ? attribution.coupon : undefined;
    push(draft.rows, 'referrals_new', [
      draft.scope.workspace,
      id,
      attribution?.referral?.affiliateId,
      attribution?.referral?.programId,
      next.status,
      next.customerId,
      next.externalUserId,
      next.subscriptionId,
      JSON.stringify(coupon === undefined ? {} : { coupon_id: coupon }),
      iso(paidAt),
      next.convertedAt === null ? null : iso(next.convertedAt),
    ]);
  }
}

const NEW_REFERRAL: Shown = {
  status: 'click',
  customerId: null,
  externalUserId: null,
  subscriptionId: null,
  convertedAt: null,
};
