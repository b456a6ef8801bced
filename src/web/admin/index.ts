/** Our own endpoints, in the native dialect's shape (DESIGN.md section 6). They lie below its /v1 and are asked first. */
import { native } from '../../surfaces/index.ts';
import type { Surface } from '../../surfaces/surface.ts';
import { accountRoutes } from './accounts.ts';
import { alertRoutes } from './alerts.ts';
import { affiliateRoutes } from './affiliates.ts';
import { balanceRoutes } from './balances.ts';
import { inboxRoutes } from './inbox.ts';
import { incentiveRoutes } from './incentives.ts';
import { keyRoutes } from './keys.ts';
import { rateRoutes } from './rates.ts';
import { settingsRoutes } from './settings.ts';
import { signingRoutes } from './signing.ts';
import { traceRoutes } from './trace.ts';

const OWN =
  /^\/v1\/(program\/(incentives|settings)|exchange_rates|trace|inbox|alerts|keys|request_signing|stripe\/accounts|affiliates\/[^/]+\/(balance|ledger|clear_hold))(\/|$)/;

export const admin: Surface = {
  name: 'tributary',
  owns: (path) => OWN.test(path),
  routes: [
    ...incentiveRoutes,
    ...settingsRoutes,
    ...rateRoutes,
    ...affiliateRoutes,
    ...balanceRoutes,
    ...traceRoutes,
    ...inboxRoutes,
    ...accountRoutes,
    ...alertRoutes,
    ...keyRoutes,
    ...signingRoutes,
  ],
  keys: native.keys,
  limits: native.limits,
  problem: native.problem,
};
