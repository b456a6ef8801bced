/** Stripe as a source of events. What it sends and means: reference/stripe.md. */
import type { Provider } from '../provider.ts';
import { asker } from './api/asker.ts';
import { setEndpoint } from './api/endpoint.ts';
import { lister } from './api/lister.ts';
import { translate } from './translate.ts';
import { accountOf, verify } from './verify.ts';

/** The owner of a connected account took the connection back (stripe.md 4.5). */
const disconnects = (type: string): boolean => type === 'account.application.deauthorized';

export const stripe: Provider = {
  name: 'stripe',
  verify,
  accountOf,
  disconnects,
  asker,
  lister,
  setEndpoint,
  translate,
};
