/** What Stripe's shapes are made of. */
import { z } from 'zod';

/** Minor units as Stripe sends them: a safe integer, anything else is refused. */
export const Amount = z.int();

/** Money that moved or was asked for one way: never negative. What says so is malformed, and refused by name. */
export const Cash = z.int().min(0);

/** Not checked further: a check costs more than all else, and Stripe's signature vouches for the rest. */
export const Id = z.string();

/** The end of the year 9999: what comes after has no four-digit year, and no date a database reads. */
const LAST_SECOND = 253_402_300_799;

/** Unix seconds that a date can be written for. */
export const Seconds = z.int().min(0).max(LAST_SECOND);

/** An ISO date and time within the same bounds. */
export const DateTime = z.iso.datetime({ offset: true }).refine((text) => {
  const moment = Date.parse(text);
  return moment >= 0 && moment <= LAST_SECOND * 1000;
});

/** An id, or the expanded (possibly deleted) object behind it. */
export const Ref = z.union([Id, z.object({ id: Id })]).nullish();

/** Read by `touches.ts` key by key: copying a merchant's whole metadata to look at a few keys would be waste. */
export const Metadata = z.unknown().optional();

export type Reference = z.infer<typeof Ref>;

/** Both spellings of a tax amount: `tax_behavior` (basil) and `inclusive` (old). */
const Tax = z.object({
  amount: Amount,
  tax_behavior: z.string().nullish(),
  inclusive: z.boolean().nullish(),
});

export const Taxes = z.array(Tax).nullish();

export type TaxObject = z.infer<typeof Tax>;

const Recurrence = z.object({ interval: z.string(), interval_count: z.int().nullish() });

/** A price as `price.*`, subscription items and old invoice lines carry it. `recurring` null: one-time. */
export const Price = z.object({ id: Id, product: Ref, recurring: Recurrence.nullish() });

/** The price's predecessor: always recurring, same id space. */
export const Plan = Recurrence.extend({ id: Id, product: Ref });

/** An id, or the whole price behind it, as answers may show it. */
export const PriceRef = z.union([Id, Price]).nullish();

export type PriceObject = z.infer<typeof Price>;
export type PriceReference = z.infer<typeof PriceRef>;
export type PlanObject = z.infer<typeof Plan>;
