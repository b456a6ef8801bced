/** Coupons at the desk: which partner a code belongs to. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import type { CouponView } from '../../core/views.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import { endCoupon, findCoupon, insertCoupon, listCoupons } from '../../store/coupons.ts';
import { takenIndex } from '../../store/taken.ts';
import type { Clockwork } from '../clockwork.ts';
import { noAffiliate } from './affiliates.ts';

type Part = Pick<OfficeDesk, 'createCoupon' | 'coupon' | 'coupons' | 'endCoupon'>;

export function couponDesk(work: Clockwork): Part {
  const { of } = work.database;
  return {
    createCoupon: (caller, input) => create(work, caller, input),
    coupon: async ({ workspace }, id) => (await findCoupon(of(workspace), workspace, id)) ?? noCoupon(id),
    coupons: ({ workspace }, filter) => listCoupons(of(workspace), workspace, filter),
    endCoupon: async ({ workspace }, id) =>
      (await endCoupon(of(workspace), workspace, id)) ? { deleted: true } : noCoupon(id),
  };
}

function noCoupon(id: string): Refusal {
  return refuse('not_found', `No coupon "${id}" is in force.`);
}

/** A code is one partner's within a program; who has it keeps it until it is ended. */
async function create(
  work: Clockwork,
  { workspace }: Caller,
  { programId, ...input }: Parameters<OfficeDesk['createCoupon']>[1],
): Promise<CouponView | Refusal> {
  const { of } = work.database;
  const affiliate = await findAffiliate(of(workspace), workspace, input.affiliateId);
  if (!affiliate) return { ...noAffiliate(input.affiliateId), field: 'affiliate_id' };
  if (programId !== null && programId !== affiliate.programId)
    return refuse('invalid_input', `Affiliate "${affiliate.id}" is in another program.`, { field: 'program_id' });
  const coupon = { ...input, id: work.newId('coup'), programId: affiliate.programId, createdAt: work.now() };
  try {
    await insertCoupon(of(workspace), workspace, coupon);
    return coupon;
  } catch (error) {
    if (takenIndex(error) !== 'coupons_code') throw error;
    return refuse('already_exists', `Code "${input.code}" is given to an affiliate of this program already.`, {
      field: 'code',
    });
  }
}
