/** A Stripe client that can only read, but for what its caller names, at the pace it is given. */
import Stripe from 'stripe';
import type { Access } from '../../provider.ts';

/** Shorter than the SDK's 80 s: somebody else may be waiting for this line. */
const TIMEOUT_MS = 20_000;

/** The most there can be on one page. */
export const PAGE = 100;

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>;

type MayWrite = (path: string) => boolean;

/** Sends nothing but GET otherwise, so that no mistake of ours can ever change anything at Stripe. */
function careful(pace: () => Promise<void>, mayWrite: MayWrite): HttpClient {
  const inner = Stripe.createNodeHttpClient();
  return {
    getClientName: () => inner.getClientName(),
    makeRequest: async (host, port, path, method, ...rest) => {
      if (method !== 'GET' && !(method === 'POST' && mayWrite(path)))
        throw new Error(`only reads are sent to Stripe, not ${method} ${path}`);
      await pace();
      return inner.makeRequest(host, port, path, method, ...rest);
    },
  };
}

/** Retries are the caller's: they are counted, spread out and told apart there. */
export function createClient({ apiKey, base, pace }: Access, mayWrite: MayWrite = () => false): Stripe {
  return new Stripe(apiKey, {
    ...(base === null ? {} : addressOf(new URL(base))),
    httpClient: careful(pace ?? (() => Promise.resolve()), mayWrite),
    telemetry: false,
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
  });
}

function addressOf({ hostname, port, protocol }: URL): { host: string; port: string; protocol: 'http' | 'https' } {
  const insecure = protocol === 'http:';
  return { host: hostname, port: port || (insecure ? '80' : '443'), protocol: insecure ? 'http' : 'https' };
}
