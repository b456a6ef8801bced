/** The only list of webhook sources. */
import type { Provider } from './provider.ts';
import { stripe } from './stripe/index.ts';

export const providers: ReadonlyMap<string, Provider> = new Map([[stripe.name, stripe]]);
