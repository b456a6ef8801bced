/**
 * What the pixel of a page tells (apis.md 2.2): no key, from pages of any origin. The answer is bare, without the
 * dialect's envelope, and never an error of the page: a link that leads nowhere credits nobody.
 */
import { z } from 'zod';
import { keepableText } from '../../core/body.ts';
import type { PageVisit } from '../../core/pixel-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { CouponView } from '../../core/views.ts';
import type { Reply, Route } from '../surface.ts';
import { optionalFlag } from './conversions.ts';
import { optionalId, text } from './inputs.ts';
import { route } from '../route.ts';

/**
 * A page cannot help what its visitors' addresses carry: what is too long is cut, never in the middle of a character, and
 * what cannot be kept becomes U+FFFD.
 */
function cut(max: number): z.ZodType<string | null> {
  return z
    .string({ error: 'must be a string' })
    .nullish()
    .transform((value) => {
      const short = keepableText(value ?? '')
        .slice(0, max)
        .replace(/[\uD800-\uDBFF]$/, '');
      return short.trim() === '' ? null : short;
    });
}

const LONG: Readonly<Record<string, number>> = { referrer: 2_000, userAgent: 1_000 };

/** Everything a visit may carry; kept as given, and only with consent. */
const DETAILS = [
  'sub1 sub2 sub3 sub4 sub5 referrer userAgent utmSource utmMedium utmCampaign utmTerm utmContent utmAgid utmAdid',
  'gclid gbraid wbraid gadSource gadCampaignid fbclid fbadid fbgid igshid msclkid ttclid li_fat_id twclid epik ScCid rdt_cid',
].flatMap((names) => names.split(' '));

const named = {
  programId: text(255).describe('Of which program the page is.'),
  trackingId: optionalId.describe(
    'The tracking_id of an affiliate, or the code of a link. Left out: only upgradeClickId.',
  ),
  upgradeClickId: optionalId.describe('The cid of this visit, told without consent before.'),
  hasConsent: optionalFlag.describe('false: nothing about the visitor is kept. Default: true.'),
  atp: optionalId.describe('test: a visit of the test world; may be said in the query too.'),
};

const visit = z.object(Object.fromEntries(DETAILS.map((name) => [name, cut(LONG[name] ?? 255)]))).and(z.object(named));

const query = z.object({ atp: z.union([z.string(), z.array(z.string())]).optional() });

const discount = z.object({
  amount: z.number(),
  type: z.string(),
  maxDuration: z.string().nullable().describe('once, or so many months; null: for ever.'),
  couponId: z.string().nullable(),
  promoCode: z.string(),
});

const trackAnswer = z.object({
  cid: z.string().nullable().describe('The click id; null: nobody is credited with the visit.'),
  data: z.object({ discount: discount.nullable(), affiliateCoupons: z.array(discount) }),
  append_affonso_id_enabled: z.boolean(),
  status: z.literal('ignored').optional(),
  message: z.string().optional().describe('Why nobody is credited.'),
});

/** A coupon as a page shows it; null: what it takes off is not known. */
function discountOf({ code, providerCouponId, details }: CouponView): z.infer<typeof discount> | null {
  const { discount_value: amount, discount_type: type, duration, duration_in_months: months } = details;
  if (typeof amount !== 'number' || typeof type !== 'string') return null;
  const maxDuration = duration === 'once' ? 'once' : typeof months === 'number' ? `${months} months` : null;
  return { amount, type, maxDuration, couponId: providerCouponId, promoCode: code };
}

function detailsIn(body: Readonly<Record<string, unknown>>): PageVisit['details'] {
  const said = DETAILS.map((name): [string, unknown] => [name, body[name]]);
  return Object.fromEntries(said.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

const NO_LINK = 'The visit names neither a trackingId nor a click of this program.';

const track = route<z.infer<typeof visit>, z.infer<typeof query>>({
  method: 'POST',
  path: '/v1/track',
  summary: 'Tells a visit of a page: a click where a link led there, and what its affiliate offers.',
  answers: { 200: trackAnswer },
  scope: 'create:clicks',
  keyless: 'always',
  cors: true,
  query,
  body: visit,
  async run({ body, query: { atp }, caller }, desk): Promise<Reply | Refusal> {
    const { programId, trackingId: code, upgradeClickId: clickId, hasConsent } = body;
    const home = await desk.atProgram(caller, programId);
    if (isRefusal(home)) return { ...home, field: 'programId' };
    const isTest = body.atp === 'test' || [atp ?? []].flat().includes('test');
    const here = isTest ? { ...home, livemode: false } : home;
    const program = await desk.programSetup(here, programId);
    if (isRefusal(program)) return { ...program, field: 'programId' };
    const seen = { programId: program.id, code, clickId, consents: hasConsent ?? true, details: detailsIn(body) };
    const { clickId: cid, coupons } = await desk.visitPage(here, seen);
    const offers = coupons.flatMap((coupon) => discountOf(coupon) ?? []);
    const reply = {
      cid,
      data: { discount: offers[0] ?? null, affiliateCoupons: offers },
      append_affonso_id_enabled: program.details['tracking']?.['append_affonso_id_enabled'] === true,
    };
    const why = code === null ? NO_LINK : `No approved affiliate of this program has the tracking id "${code}".`;
    return { status: 200, body: cid === null ? { ...reply, status: 'ignored', message: why } : reply };
  },
});

export const pixelRoutes: readonly Route[] = [track];
