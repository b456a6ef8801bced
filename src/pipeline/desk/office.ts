/** The office: everything that is read, set up or ruled, put together. */
import type { OfficeDesk } from '../../core/desk.ts';
import type { Clockwork } from '../clockwork.ts';
import type { Translators } from '../translate.ts';
import { affiliateDesk } from './affiliates.ts';
import { balanceDesk } from './balances.ts';
import { commissionDesk } from './commissions.ts';
import { couponDesk } from './coupons.ts';
import { inboxDesk } from './inbox.ts';
import { incentiveDesk } from './incentives.ts';
import { numberDesk } from './numbers.ts';
import { rateDesk } from './rates.ts';
import { referralDesk } from './referrals.ts';
import { settingsDesk } from './settings.ts';
import { traceDesk } from './trace.ts';

export function officeDesk(work: Clockwork, translators: Translators): OfficeDesk {
  return {
    ...affiliateDesk(work),
    ...referralDesk(work),
    ...incentiveDesk(work),
    ...couponDesk(work),
    ...rateDesk(work),
    ...numberDesk(work),
    ...settingsDesk(work),
    ...commissionDesk(work),
    ...balanceDesk(work),
    ...traceDesk(work, translators),
    ...inboxDesk(work, translators),
  };
}
