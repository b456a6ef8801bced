import { couponObject, discountObject, type DiscountSpec } from '../objects/discount.ts';
import type { InvoiceLineSpec } from '../objects/line.ts';
import { roundMinor, splitByWeight, taxOf } from '../shares.ts';
import type { CouponTerms, TaxTerms } from '../state.ts';
import type { World } from '../world.ts';

/** The coupon's id, which merchants choose. */
export function couponId(coupon: CouponTerms): string {
  return coupon.id ?? `SAVE${coupon.percentOff ?? coupon.amountOff ?? 0}`;
}

/** Makes the discount a coupon gives to a customer. */
export function discountOf(
  world: World,
  coupon: CouponTerms,
  whom: Pick<DiscountSpec, 'session' | 'invoice'> & {
    customer: string | null;
    subscription: string | null;
    currency: string;
  },
): DiscountSpec {
  const made: DiscountSpec = {
    id: world.ids.next('di'),
    coupon: couponId(coupon),
    percentOff: coupon.percentOff,
    amountOff: coupon.amountOff,
    product: coupon.product,
    promotionCode: coupon.promotionCode,
    start: world.time,
    livemode: world.livemode,
    ...whom,
  };
  world.keep((_family, coupon: { id: string; of: DiscountSpec }) => couponObject(coupon.of), {
    id: made.coupon,
    of: made,
  });
  // a promotion code needs a coupon to describe, but nobody holds a discount yet
  if (whom.customer !== '') world.keep(discountObject, made);
  return made;
}

function allocations(lines: readonly InvoiceLineSpec[], discount: DiscountSpec): number[] {
  const open = lines.map((line) => {
    const applies =
      line.proration !== true &&
      line.amount > 0 &&
      (discount.product === undefined || line.price?.product === discount.product);
    return applies ? line.amount : 0;
  });
  if (discount.percentOff !== undefined) return open.map((amount) => roundMinor((amount * discount.percentOff!) / 100));
  const sum = open.reduce((all, amount) => all + amount, 0);
  return sum === 0 ? open : splitByWeight(Math.min(discount.amountOff ?? 0, sum), open);
}

/** What a coupon takes off one amount, minor units. */
export function offOf(coupon: Pick<CouponTerms, 'percentOff' | 'amountOff'>, amount: number): number {
  if (coupon.percentOff !== undefined) return roundMinor((amount * coupon.percentOff) / 100);
  return Math.min(coupon.amountOff ?? 0, amount);
}

/** Puts a discount and a tax onto lines. Prorations are taxed but keep their amount: it is already net of discounts. */
export function withTerms(
  lines: readonly InvoiceLineSpec[],
  discount: DiscountSpec | undefined,
  tax: TaxTerms | undefined,
): InvoiceLineSpec[] {
  const off = discount ? allocations(lines, discount) : lines.map(() => 0);
  return lines.map((line, index) => {
    const amount = off[index] ?? 0;
    const discountAmounts = discount && amount > 0 ? [{ amount, discount: discount.id }] : (line.discountAmounts ?? []);
    const taken = discountAmounts.reduce((sum, d) => sum + d.amount, 0);
    const taxes = tax
      ? [
          {
            amount: taxOf(line.amount - taken, tax.percent, tax.inclusive),
            inclusive: tax.inclusive,
          },
        ]
      : (line.taxes ?? []);
    return { ...line, discountAmounts, taxes };
  });
}
