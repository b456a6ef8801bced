import type { Metadata } from '../json.ts';
import { discountObject, type PromotionCodeSpec, promotionCodeObject } from '../objects/discount.ts';
import type { CouponTerms, SimulatedCustomer, SimulatedDiscount, SimulatedSubscription } from '../state.ts';
import type { World } from '../world.ts';
import { changedMetadata } from './catalog.ts';
import { discountOf } from './terms.ts';

/** A promotion code and the coupon terms to subscribe with. */
export type PromotionCodeTerms = CouponTerms & { promotionCode: string; spec: PromotionCodeSpec };

/** A promotion code: `promotion_code.created`. Returns the coupon terms to subscribe with. */
export function promotionCode(
  world: World,
  given: { code: string; coupon: CouponTerms; currency?: string; metadata?: Metadata },
): PromotionCodeTerms {
  world.beginCall();
  const id = world.ids.next('promo');
  const discount = discountOf(world, given.coupon, {
    customer: '',
    subscription: null,
    currency: given.currency ?? 'usd',
  });
  const made: PromotionCodeSpec = {
    id,
    code: given.code,
    discount,
    created: world.time,
    livemode: world.livemode,
    metadata: given.metadata,
  };
  world.tell('promotion_code.created', promotionCodeObject, made);
  return { ...given.coupon, id: discount.coupon, promotionCode: id, spec: made };
}

/** Switches a promotion code on or off, or edits its metadata: `promotion_code.updated`. */
export function updatePromotionCode(
  world: World,
  code: PromotionCodeTerms,
  change: { active?: boolean; metadata?: Metadata },
): void {
  world.beginCall();
  const { active = true, metadata = {} } = code.spec;
  code.spec = { ...code.spec, ...change };
  world.tell('promotion_code.updated', promotionCodeObject, code.spec, {
    ...(change.active === undefined ? {} : { active }),
    ...(change.metadata ? { metadata: changedMetadata(metadata, change.metadata) } : {}),
  });
}

/** Whom a discount is given to. */
export interface DiscountArguments {
  customer: SimulatedCustomer;
  subscription?: SimulatedSubscription | undefined;
  /** The Checkout Session in which the buyer typed the code. */
  session?: string | undefined;
  invoice?: string | undefined;
  currency?: string | undefined;
}

/** Gives a coupon to a customer, or to one subscription of theirs: `customer.discount.created`. */
export function giveDiscount(world: World, coupon: CouponTerms, given: DiscountArguments): SimulatedDiscount {
  world.beginCall();
  const { customer, subscription } = given;
  const spec = discountOf(world, coupon, {
    customer: customer.id,
    subscription: subscription?.id ?? null,
    currency: given.currency ?? subscription?.currency ?? 'usd',
    session: given.session,
    invoice: given.invoice,
  });
  if (subscription) Object.assign(subscription, { coupon, discount: spec });
  world.tell('customer.discount.created', discountObject, spec);
  return { id: spec.id, subscription: subscription ?? null, spec };
}

/** Takes a discount away: `customer.discount.deleted`. */
export function endDiscount(world: World, discount: SimulatedDiscount): void {
  world.beginCall();
  if (discount.subscription?.discount?.id === discount.id) discount.subscription.discount = undefined;
  discount.spec = { ...discount.spec, end: world.time };
  world.tell('customer.discount.deleted', discountObject, discount.spec);
}
