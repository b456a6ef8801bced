/** Our own endpoints, in the native dialect's shape (DESIGN.md section 6). They lie below its /v1 and are asked first. */
import { problem } from '../../surfaces/index.ts';
import type { Surface } from '../../surfaces/surface.ts';
import { accountRoutes } from './accounts.ts';
import { alertRoutes } from './alerts.ts';
import { balanceRoutes } from './balances.ts';
import { inboxRoutes } from './inbox.ts';
import { incentiveRoutes } from './incentives.ts';
import { traceRoutes } from './trace.ts';

const OWN =
  /^\/v1\/(program\/incentives|trace|inbox|alerts|stripe\/accounts|affiliates\/[^/]+\/(balance|ledger))(\/|$)/;

export const admin: Surface = {
  name: 'admin',
  owns: (path) => OWN.test(path),
  routes: [...incentiveRoutes, ...balanceRoutes, ...traceRoutes, ...inboxRoutes, ...accountRoutes, ...alertRoutes],
  problem,
};
