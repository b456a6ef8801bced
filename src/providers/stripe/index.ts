/** Stripe as a source of events. What it sends and means: reference/stripe.md. */
import type { Provider } from '../provider.ts';
import { translate } from './translate.ts';
import { accountOf, verify } from './verify.ts';

export const stripe: Provider = { name: 'stripe', verify, accountOf, translate };
