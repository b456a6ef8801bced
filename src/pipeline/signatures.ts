/**
 * Signatures of requests: `hex HMAC-SHA256(secret, "{timestamp}.{raw body}")` (apis.md 2.1). Asked for only where the
 * workspace has a secret; elsewhere whatever is sent is ignored.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuse, type Refusal } from '../core/refusals.ts';
import type { Clockwork } from './clockwork.ts';

/** How far the sender's clock may be from ours, either way. */
const TOLERANCE_SECONDS = 300;

/** What a request shows of its signature. */
export type Shown = {
  /** Unix seconds, as they were sent. */
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
};

export type Signatures = {
  /** Why a request of the workspace is not what its sender signed; null: it is, or need not be signed. */
  wrong(workspace: string, shown: Shown, body: Uint8Array): Promise<Refusal | null>;
};

export function signatures({ vault, now }: Clockwork): Signatures {
  return {
    async wrong(workspace, shown, body) {
      const at = now();
      const secret = await vault.requestSecret(workspace, at);
      return secret === null ? null : wrongWith(secret, shown, body, at);
    },
  };
}

function wrongWith(secret: string, { timestamp, signature }: Shown, body: Uint8Array, at: number): Refusal | null {
  if (timestamp === undefined || signature === undefined)
    return refused('This workspace takes signed requests only: send the timestamp and the signature of the body.');
  if (!/^\d{1,12}$/.test(timestamp)) return refused('The timestamp of the signature must be Unix seconds.');
  if (Math.abs(at / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
    return refused(
      `The timestamp of the signature is more than ${TOLERANCE_SECONDS} s away. Check the clock, sign anew.`,
    );
  const wanted = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  const given = Buffer.from(/^[0-9a-f]{64}$/i.test(signature) ? signature : '', 'hex');
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return null;
  return refused(
    'The signature does not fit: sign "{timestamp}.{body}", byte by byte as sent, with the current secret.',
  );
}

const refused = (message: string): Refusal => refuse('bad_signature', message);
