/**
 * A sale from click to credit, decided by a workspace's own rules without a row: an affiliate, a click, a sign-up and a
 * payment that exist in a book of their own. What it says is what the same calls would come to.
 */
import { absorbEvent, emptyBook, emptyTouched, settle, type Book } from '../../core/book.ts';
import type { Decision } from '../../core/decide.ts';
import { userKey } from '../../core/keys.ts';
import type { Entry } from '../../core/requests.ts';
import { settingsAt, type Rules } from '../../core/rules.ts';
import { newSale } from '../../core/sale-request.ts';
import type { Moment } from '../../core/time.ts';
import type { Verdict } from '../../core/trials.ts';
import { itemOfEntry } from '../journal.ts';

type Scene = {
  readonly rules: Rules;
  /** The workspace's own: what is sold in. */
  readonly currency: string;
  readonly programId: string;
  readonly customerKey: string;
  readonly at: Moment;
};

const SOURCE = 'affitor';
const AFFILIATE = 'aff_rehearsal';
const CLICK = 'ref_rehearsal';
const AMOUNT = 9999n;

export function rehearse(scene: Scene): Verdict {
  const book = emptyBook(() => 'pay_rehearsal');
  book.affiliates.set(AFFILIATE, {
    id: AFFILIATE,
    history: [{ since: 0, groupId: null, status: 'approved', email: null }],
  });
  book.referrals.set(CLICK, { id: CLICK, affiliateId: AFFILIATE, programId: scene.programId, rejected: false });
  hear(book, scene, leadOf(scene));
  const bound = book.customers.get(userKey(scene.customerKey))?.touches[0]?.token === CLICK;
  hear(book, scene, saleOf(scene));
  const [decision] = settle(book, scene.rules, book.payments.keys()).values();
  return { click: 'attributed', lead: bound ? 'attributed' : 'unattributed', sale: endOf(decision) };
}

function hear(book: Book, { rules, at }: Scene, entry: Entry): void {
  const { ref, facts } = itemOfEntry({ source: SOURCE, id: entry.kind, livemode: false, at, received: at }, entry);
  absorbEvent(book, facts, { ...ref, rules: rules.version }, emptyTouched());
}

function endOf(decision: Decision | undefined): Verdict['sale'] {
  const credited = decision?.attribution?.referral?.affiliateId;
  if (!decision || decision.parked !== null) return 'pending';
  if (credited === undefined) return 'unattributed';
  return credited === AFFILIATE ? 'attributed' : 'wrong_partner';
}

function leadOf({ customerKey }: Scene): Entry {
  return {
    kind: 'lead',
    referralId: CLICK,
    email: null,
    externalUserId: customerKey,
    customerId: null,
    body: '',
  };
}

function saleOf({ rules, currency, customerKey, at }: Scene): Entry {
  const request = newSale({
    dialect: SOURCE,
    externalEventId: `rehearsal:${at}`,
    externalUserId: customerKey,
    amount: AMOUNT,
    currency: settingsAt(rules, rules.version).currency ?? currency,
    body: '',
  });
  return { kind: 'sale', request, alias: null };
}
