/** `expand`: shows an object beside its id. What is not known by this version is left as its id. */
import { z } from 'zod';
import type { AffiliateView, ReferralView } from '../../core/views.ts';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal } from '../../core/refusals.ts';
import { affiliateAnswer, affiliateShape } from './partners.ts';
import { answered, referralAnswer, referralShape } from './shapes.ts';

/** `expand=a&expand=b` or `expand=a,b`. */
export const expandField: z.ZodType<readonly string[]> = z
  .union([z.string(), z.array(z.string())], { error: 'must be text' })
  .optional()
  .transform((value) => [value ?? []].flat().flatMap((one) => one.split(',')))
  .describe('What to show beside its id: affiliate, affiliate_program, referral; several with commas, or repeated.');

/** What an answer has more when it was asked for. */
export const expandedFields = {
  affiliate: affiliateAnswer.nullable().optional().describe('With expand=affiliate.'),
  affiliate_program: z
    .object({ id: answered.id, name: z.string() })
    .nullable()
    .optional()
    .describe('With expand=affiliate_program.'),
  referral: referralAnswer.nullable().optional().describe('With expand=referral.'),
};

type Names = {
  readonly referralId?: string | null;
  readonly affiliateId: string | null;
  readonly programId?: string | null;
};

/** What to add to the shape of one row. */
export type Expand = (row: Names) => Record<string, unknown>;

/** Reads everything that a page names in one go. */
export async function expansion(
  desk: Desk,
  caller: Caller,
  wanted: readonly string[],
  rows: readonly Names[],
): Promise<Expand> {
  const ids = (all: readonly (string | null | undefined)[]): string[] => [...new Set(all.filter((id) => id != null))];
  const isWanted = {
    affiliate: wanted.includes('affiliate'),
    referral: wanted.includes('referral'),
    program: wanted.includes('affiliate_program'),
  };
  const { affiliates, referrals } = await desk.named(caller, {
    affiliates: isWanted.affiliate ? ids(rows.map((row) => row.affiliateId)) : [],
    referrals: isWanted.referral ? ids(rows.map((row) => row.referralId)) : [],
  });
  const affiliateOf = indexed<AffiliateView>(affiliates, affiliateShape);
  const referralOf = indexed<ReferralView>(referrals, referralShape);
  const programs = isWanted.program ? await programsOf(desk, caller, ids(rows.map((row) => row.programId))) : [];
  const programOf = indexed(programs, (program) => program);
  return (row) => ({
    ...(isWanted.affiliate ? { affiliate: affiliateOf(row.affiliateId) } : {}),
    ...(isWanted.program ? { affiliate_program: programOf(row.programId) } : {}),
    ...(isWanted.referral ? { referral: referralOf(row.referralId) } : {}),
  });
}

/** A workspace has hardly more than one. */
async function programsOf(desk: Desk, caller: Caller, ids: readonly string[]) {
  const all = await Promise.all(ids.map((id) => desk.programSetup(caller, id)));
  return all.flatMap((found) => (isRefusal(found) ? [] : [{ id: found.id, name: found.name }]));
}

function indexed<T extends { readonly id: string }>(rows: readonly T[], show: (row: T) => unknown) {
  const known = new Map(rows.map((row) => [row.id, show(row)]));
  return (id: string | null | undefined): unknown => (id == null ? null : (known.get(id) ?? null));
}
