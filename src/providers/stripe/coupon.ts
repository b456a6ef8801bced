/** Coupons and promotion codes as signs of who sent a buyer (stripe.md 1.12, cases.md 76). */
import type { EventRef, Fact, Touch, Translation } from '../../core/facts.ts';
import { couponKey, promotionKey } from '../../core/keys.ts';
import { idOf, identityOf, key, moneyKeys } from './identity.ts';
import { ignore } from './ignored.ts';
import { read, stampOf } from './read.ts';
import { Discount, type DiscountObject, PromotionCode } from './schema.ts';

type Carried = Pick<DiscountObject, 'coupon' | 'source' | 'promotion_code'>;

/** The promotion code says more than the coupon it stands for: many partners' codes may share one coupon. */
function tokensOf({ coupon, source, promotion_code: promotion }: Carried): string[] {
  const code = idOf(promotion);
  const own = idOf(source?.coupon) ?? idOf(coupon);
  return [
    ...(code === null ? [] : [promotionKey('stripe', code)]),
    ...(own === null ? [] : [couponKey('stripe', own)]),
  ];
}

/**
 * Touches of the discounts an object carries. Bare `di_…` ids say nothing and cannot be asked for by themselves (trap
 * 48): they are passed over, `customer.discount.created` or an expanded answer tells them.
 */
export function couponTouches(
  discounts: readonly (DiscountObject | string | null | undefined)[],
  at: number,
  rank: number,
  subscription: string | null,
): Touch[] {
  const tokens = discounts.flatMap((one) => (one == null || typeof one === 'string' ? [] : tokensOf(one)));
  return [...new Set(tokens)].map((token, index) => ({ token, rank: rank + index / 100, at, subscription }));
}

const RANK_OF_DISCOUNT = 3;

/** `customer.discount.created|updated|deleted`: on webhooks alone the only word on what a `di_…` of an invoice stands for. */
export function translateDiscount(object: unknown, ref: EventRef): Translation {
  const discount = read(Discount, object, ref);
  const subscription = idOf(discount.subscription);
  const of = subscription === null ? null : key(subscription);
  const touches = couponTouches([discount], ref.at, RANK_OF_DISCOUNT, of);
  if (touches.length === 0) return ignore('nothing_new');
  const { party } = identityOf({
    customer: discount.customer,
    customer_account: discount.customer_account,
    metadata: [],
  });
  const money = of === null ? moneyKeys(['invoice', discount.invoice], ['cs', discount.checkout_session]) : [];
  const facts: Fact[] = [];
  if (money.length > 0) facts.push({ kind: 'payment', keys: money, claim: null, touches, optOut: null });
  else if (party !== null) facts.push({ kind: 'customer', key: party, links: [], touches });
  return facts.length > 0 ? { facts } : ignore('nothing_new');
}

/** `promotion_code.created|updated`: the word buyers type, and the coupon it stands for. */
export function translatePromotionCode(object: unknown, ref: EventRef): Translation {
  const { id, code, coupon, promotion } = read(PromotionCode, object, ref);
  const own = idOf(promotion?.coupon) ?? idOf(coupon);
  return {
    facts: [
      {
        kind: 'promotion',
        key: promotionKey('stripe', id),
        stamp: stampOf(ref, 0),
        code: code ?? null,
        coupon: own === null ? null : couponKey('stripe', own),
      },
    ],
  };
}
