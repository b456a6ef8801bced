/** Coupons and promotion codes that were given to affiliates: whoever uses one was sent by them, with or without a click. */
import { sourceName } from './keys.ts';
import type { CouponBinding, Rules } from './rules.ts';
import { compareText } from './stamp.ts';
import type { PriceState } from './state.ts';

type Found = {
  readonly binding: CouponBinding | null;
  /** It might be one of ours: nothing is known yet of the code it stands for. */
  readonly unheard: boolean;
};

/**
 * The binding a coupon's key leads to, of those that held when the payment became known: by the key itself, else by the
 * code the catalogue gives it, else by its coupon. Several: the older.
 */
export function bindingOf(
  rules: Rules,
  token: string,
  known: number,
  price: (key: string) => PriceState | undefined,
): Found {
  const valid = rules.coupons.filter(({ since, until }) => since <= known && (until === null || known < until));
  if (valid.length === 0) return { binding: null, unheard: false };
  const first = (fits: (binding: CouponBinding) => boolean): CouponBinding | null =>
    valid.filter(fits).toSorted((a, b) => a.since - b.since || compareText(a.id, b.id))[0] ?? null;
  const own = first(({ tokens }) => tokens.includes(bare(token)));
  if (own || token.split(':')[1] !== 'promo') return { binding: own, unheard: false };
  const told = price(token);
  if (!told?.stamp) return { binding: null, unheard: true };
  const { code = null, coupon = null } = told;
  const byCode = code === null ? null : first((binding) => binding.code === code);
  const byCoupon = coupon === null ? null : first(({ tokens }) => tokens.includes(bare(coupon)));
  return { binding: byCode ?? byCoupon, unheard: false };
}

/** Coupons are bound by the provider's id alone, whichever of the workspace's accounts it was made in. */
function bare(key: string): string {
  const [source = '', ...rest] = key.split(':');
  return [sourceName(source), ...rest].join(':');
}

/**
 * The id of the referral of a buyer who came by a coupon: the same whoever computes it, so that it needs no row before
 * the first payment is decided.
 */
export function couponReferralId({ id }: CouponBinding, buyer: string): string {
  return `ref_${id.split('_').at(-1)}${hash(buyer)}`;
}

/** FNV-1a, twice with other starts: 128 bits are enough to tell the buyers of one coupon apart. */
function hash(text: string): string {
  const once = (start: bigint): bigint => {
    let sum = start;
    for (const char of text) sum = BigInt.asUintN(64, (sum ^ BigInt(char.codePointAt(0) ?? 0)) * 0x100000001b3n);
    return sum;
  };
  const both = (once(0xcbf29ce484222325n) << 64n) | once(0x84222325cbf29ce4n);
  return both.toString(32).padStart(26, '0');
}
