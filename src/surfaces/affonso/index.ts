/** Affonso's dialect, the native one (apis.md section 2). */
import type { Surface } from '../surface.ts';
import { affiliateRoutes } from './affiliates.ts';
import { clickRoutes } from './clicks.ts';
import { commissionRoutes } from './commissions.ts';
import { conversionRoutes } from './conversions.ts';
import { couponRoutes } from './coupons.ts';
import { creativeRoutes } from './creatives.ts';
import { embedRoutes } from './embed.ts';
import { eventRoutes } from './events.ts';
import { groupRoutes } from './groups.ts';
import { keys, knows, limits } from './keys.ts';
import { notificationRoutes } from './notifications.ts';
import { onboardingResponseRoutes } from './onboarding-responses.ts';
import { onboardingRoutes } from './onboarding.ts';
import { paymentTermsRoutes } from './payment-terms.ts';
import { payoutRoutes } from './payouts.ts';
import { pixelRoutes } from './pixel.ts';
import { problem } from './problems.ts';
import { programRoutes } from './program.ts';
import { referralRoutes } from './referrals.ts';
import { signupRoutes } from './signups.ts';
import { sourceRoutes } from './sources.ts';

export const affonso: Surface = {
  name: 'affonso',
  owns: (path) => path === '/v1' || path.startsWith('/v1/'),
  knows,
  keys,
  limits,
  routes: [
    ...conversionRoutes,
    ...eventRoutes,
    ...sourceRoutes,
    ...clickRoutes,
    ...pixelRoutes,
    ...signupRoutes,
    ...affiliateRoutes,
    ...onboardingResponseRoutes,
    ...embedRoutes,
    ...referralRoutes,
    ...commissionRoutes,
    ...couponRoutes,
    ...payoutRoutes,
    ...programRoutes,
    ...paymentTermsRoutes,
    ...notificationRoutes,
    ...groupRoutes,
    ...creativeRoutes,
    ...onboardingRoutes,
  ],
  problem,
};
