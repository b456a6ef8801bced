/** Exchange rates: given once, never changed. */
import { z } from 'zod';
import { divideRounded } from '../../core/money.ts';
import type { RateView } from '../../core/views.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { ratioOfDecimal } from '../../pipeline/rates.ts';
import {
  answered,
  currency,
  dataAnswer,
  done,
  invalid,
  listRoute,
  pageFields,
  route,
  text,
  upper,
} from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

const PATH = '/v1/exchange_rates';
const DAY = 'must be a day that exists, such as 2026-01-05';
const RATE = 'must be decimal text above 0, such as "1.0873", with at most 18 decimals';

const day: z.ZodType<number> = z.iso
  .date({ error: DAY })
  .transform((value) => Date.parse(value))
  .refine((value) => value >= 0, DAY);

const newRate = z.object({
  from: currency.meta({ examples: ['USD'] }),
  to: currency.meta({ examples: ['EUR'] }),
  day: day.meta({ examples: ['2026-01-05'] }),
  // A number has been through a float already; what was rounded there would decide money.
  rate: z.string({ error: RATE }).meta({
    description: 'How many of "to" one of "from" is: decimal text with at most 18 decimals.',
    examples: ['1.0873'],
  }),
  source: text(100).meta({ description: 'Who says so.', examples: ['ecb'] }),
});
const listQuery = z.object({ ...pageFields, from: currency.optional(), to: currency.optional() });

const SHOWN_DECIMALS = 12;

/** 10873/10000 → "1.0873"; a rate made of two others is rounded here, and exact in its fraction. */
function decimalOf({ ratio }: RateView): string {
  const scaled = divideRounded(ratio.num * 10n ** BigInt(SHOWN_DECIMALS), ratio.den);
  const digits = String(scaled).padStart(SHOWN_DECIMALS + 1, '0');
  const fraction = digits.slice(-SHOWN_DECIMALS).replace(/0+$/, '');
  return digits.slice(0, -SHOWN_DECIMALS) + (fraction === '' ? '' : `.${fraction}`);
}

const rateAnswer = z
  .object({
    from: answered.currency,
    to: answered.currency,
    day: z.iso.date(),
    rate: z.string().describe('Rounded to 12 decimals; the fraction below is exact.'),
    numerator: z.string(),
    denominator: z.string(),
    source: z.string(),
    created_at: answered.moment,
  })
  .meta({ id: 'ExchangeRate' });

export function rateShape(view: RateView): z.infer<typeof rateAnswer> {
  return {
    from: upper(view.from),
    to: upper(view.to),
    day: toIso(view.day).slice(0, 10),
    rate: decimalOf(view),
    numerator: String(view.ratio.num),
    denominator: String(view.ratio.den),
    source: view.source,
    created_at: toIso(view.createdAt),
  };
}

const add = route<z.infer<typeof newRate>>({
  method: 'POST',
  path: PATH,
  summary: 'Adds an exchange rate: given once, never changed.',
  answers: { 200: dataAnswer(rateAnswer), 201: dataAnswer(rateAnswer) },
  scope: 'write:exchange_rates',
  body: newRate,
  async run({ caller, body: { rate, ...body } }, desk) {
    const ratio = ratioOfDecimal(rate);
    if (ratio === null) return invalid('rate', RATE);
    if (body.from === body.to) return invalid('to', 'must be another currency than from');
    const added = await desk.addRate(caller, { ...body, ratio });
    return isRefusal(added) ? added : done(rateShape(added.rate), added.known ? 200 : 201);
  },
});

const list = listRoute({
  path: PATH,
  summary: 'Exchange rates, newest day first.',
  scope: 'read:exchange_rates',
  query: listQuery,
  row: rateAnswer,
  shape: rateShape,
  read: ({ caller, query: { from = null, to = null }, paging }, desk) => desk.rates(caller, { ...paging, from, to }),
});

export const rateRoutes: readonly Route[] = [add, list];
