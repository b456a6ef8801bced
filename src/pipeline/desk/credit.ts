/**
 * Whom a caller's identifiers credit. Each is resolved alone, as things stood before this very call: together they must
 * lead to one referral (apis.md 2.2), else nobody can say who was meant.
 */
import { settingsAt, type Rules } from '../../core/rules.ts';
import { attribute, type Nodes } from '../../core/attribution.ts';
import { referralsIn, type Book } from '../../core/book.ts';
import type { SaleRequest } from '../../core/desk.ts';
import { UNPROVEN } from '../../core/facts.ts';
import { customerKey, userKey } from '../../core/keys.ts';
import { EMPTY_PAYMENT, type CustomerState } from '../../core/merge.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';

type Identified = {
  readonly field: string;
  readonly value: string;
  readonly referral: string | null;
  readonly exact: boolean;
};

/** The identifiers of a call, of which each may be missing. */
export type Identifiers = Pick<SaleRequest, 'referralId' | 'clickId' | 'customerId' | 'externalUserId'>;

/**
 * The one referral the identifiers lead to. `at`: the moment of the call's own touches, which do not count here. What was
 * said of them without a key decides only where nothing else does: it must not keep a sale from who has one.
 */
export function creditOf(book: Book, rules: Rules, request: Identifiers, at: number): string | Refusal {
  const certain = identify(book, rules, request, { at, below: UNPROVEN });
  const decided = certain.some(({ referral }) => referral !== null);
  const found = decided ? certain : identify(book, rules, request, { at, below: Infinity });
  const resolved = found.filter(({ referral }) => referral !== null);
  const first = resolved[0]?.referral;
  const other = resolved.find(({ referral }) => referral !== first);
  if (other) return disagree(resolved, other.field);
  const unknown = found.find(({ referral, exact }) => exact && referral === null);
  if (unknown) return notFound([unknown]);
  return first ?? notFound(found);
}

/** The moment of the call, and the rank below which touches count. */
type Counting = { readonly at: number; readonly below: number };

function identify(book: Book, rules: Rules, request: Identifiers, counting: Counting): Identified[] {
  const { at } = counting;
  const world = { ...before(book, request, counting), rules, price: (key: string) => book.prices.get(key) };
  const settings = settingsAt(rules, rules.version);
  const creditedTo = (party: string): string | null => {
    const bought = { party, subscription: null, paidAt: at, moneyKey: party };
    return attribute(EMPTY_PAYMENT, bought, world, settings).referral?.id ?? null;
  };
  const named = (field: string, value: string | null): Identified[] =>
    value === null ? [] : [{ field, value, referral: book.referrals.get(value)?.id ?? null, exact: true }];
  const known = (field: string, value: string | null, key: string): Identified[] =>
    value === null
      ? []
      : [
          {
            field,
            value,
            referral: creditedTo(key),
            exact: false,
          },
        ];
  const { referralId, clickId, customerId, externalUserId } = request;
  return [
    ...named('referral_id', referralId),
    ...named('click_id', clickId),
    ...known('customer_id', customerId, customerKey(customerId ?? '')),
    ...known('external_user_id', externalUserId, userKey(externalUserId ?? '')),
  ];
}

/** The book's nodes without what this call itself says. A rejected referral is found all the same: it is who was meant. */
function before(book: Book, request: Identifiers, { at, below }: Counting): Nodes {
  const tokens = new Set([request.referralId, request.clickId]);
  const { customerId, externalUserId } = request;
  const own = [customerId && customerKey(customerId), externalUserId && userKey(externalUserId)];
  const without = (state: CustomerState): CustomerState => ({
    ...state,
    links: state.links.filter((link) => !own.includes(link)),
    touches: state.touches.filter(
      (touch) => touch.rank < below && !(touch.at === at && touch.subscription === null && tokens.has(touch.token)),
    ),
  });
  return {
    customer: (key) => {
      const state = book.customers.get(key);
      return state && without(state);
    },
    referral: (token, paidAt) => {
      const referral = referralsIn(book)(token, paidAt);
      return referral && { ...referral, rejected: false };
    },
  };
}

function disagree(resolved: readonly Identified[], field: string): Refusal {
  return refuse('identifiers_disagree', 'The identifiers lead to different referrals. Send the one that is right.', {
    field,
    details: resolved.map((one) => ({
      field: one.field,
      message: `"${one.value}" leads to referral ${one.referral}`,
    })),
  });
}

function notFound(tried: readonly Identified[]): Refusal {
  const names = tried.map(({ field, value }) => `${field} "${value}"`).join(', ');
  return refuse('referral_not_found', `No referral was found for ${names}.`, {
    ...(tried[0] ? { field: tried[0].field } : {}),
    details: tried.map(({ field, value }) => ({
      field,
      message: `"${value}" leads to no referral`,
    })),
  });
}
