/**
 * Is this delivery really Stripe's? Signature first, over the raw bytes, then UTF-8, then JSON, then the envelope:
 * nothing unsigned is ever decoded or parsed. Own implementation rather than stripe-node's `constructEvent`, because
 * that one lets timestamps of the future pass, refuses thin events and answers with exceptions (stripe.md 4.2).
 */
import { isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';

import { readBody } from '../../core/body.ts';
import type { ReceivedEvent, Rejection } from '../provider.ts';
import { SnapshotEnvelope, ThinEnvelope } from './schema.ts';

/** Seconds a timestamp may be away from our clock, on either side (Stripe's own default for age). */
const TOLERANCE_SECONDS = 300;

/** Signatures tried per secret. A roll sends one per active secret; more is somebody making us work. */
const MOST_SIGNATURES = 8;

/** Items of the header looked at; Stripe sends two to four. */
const MOST_ITEMS = 64;

const V1 = /^[0-9a-f]{64}$/;
const TIMESTAMP = /^\d{1,12}$/;

/** An event that does not know yet who signed it. */
type Envelope = Omit<ReceivedEvent, 'matched'>;

type SignatureHeader = { readonly timestamp: string; readonly signatures: readonly Buffer[] };

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const rejection = (rejected: string, hint: string): Rejection => Object.freeze({ rejected, hint });
const unmatched = (rejected: string, hint: string): Rejection => Object.freeze({ rejected, hint, otherSecret: true });

// Built once: refusing costs no allocation, so a flood of forged deliveries stays cheap.
const REJECTIONS = {
  noSecret: unmatched(
    'no_secret_configured',
    'set STRIPE_WEBHOOK_SECRET to the whsec_… of this endpoint, or store it with its account',
  ),
  missing: rejection(
    'signature_missing',
    'no Stripe-Signature header: either this is not Stripe, or a proxy in front strips headers',
  ),
  malformed: rejection(
    'signature_malformed',
    'Stripe-Signature is not of the form t=<unix seconds>,v1=<hex>: a proxy may have changed or doubled it',
  ),
  noV1: rejection('signature_no_v1', 'Stripe-Signature carries no well-formed v1 signature; only v1 counts'),
  mismatch: unmatched(
    'signature_mismatch',
    'no configured secret made this signature: the secret printed by `stripe listen` differs from the one in the dashboard; ' +
      'each endpoint has its own secret, configure all of them; or a proxy or body parser changed the body on the way',
  ),
  notUtf8: rejection('not_utf8', 'signed correctly, but the body is not UTF-8'),
  notJson: rejection('not_json', 'signed correctly, but the body is not JSON'),
  notAnEvent: rejection('not_an_event', 'signed correctly, but the body is not a Stripe event'),
} as const;

/**
 * Checks one delivery. `raw`: the exact bytes received; `secrets`: every active signing secret as given (utf-8 text,
 * `whsec_` included); `now`: our clock in milliseconds. Refuses with a code and a hint, never with an exception.
 */
export function verify(
  raw: Uint8Array,
  headers: Headers,
  secrets: readonly string[],
  now: number,
): ReceivedEvent | Rejection {
  if (secrets.every((secret) => secret.trim() === '')) return REJECTIONS.noSecret;
  const header = signatureHeader(headers['stripe-signature']);
  if ('rejected' in header) return header;
  const matched = secrets.findIndex((secret) => secret.trim() !== '' && isSignedWith(secret, header, raw));
  if (matched < 0) return REJECTIONS.mismatch;
  // After the signature, so that the hint about clocks is only given to who holds a secret.
  const event = outsideTolerance(Number(header.timestamp), now) ?? receive(raw);
  if ('rejected' in event) return event;
  return secrets.length === 1
    ? { ...event, matched }
    : { ...event, matched, signedWith: `secret ${matched + 1} of ${secrets.length}` };
}

/** Reads `t=…,v1=…,…`. No trimming, as at Stripe: an item that begins with a space is not an item we know. */
function signatureHeader(value: string | string[] | undefined): SignatureHeader | Rejection {
  if (value === undefined || value === '') return REJECTIONS.missing;
  if (typeof value !== 'string') return REJECTIONS.malformed;
  let timestamp = '';
  const signatures: Buffer[] = [];
  for (const item of value.split(',', MOST_ITEMS)) {
    if (item.startsWith('t=')) timestamp = item.slice(2);
    else if (item.startsWith('v1=') && signatures.length < MOST_SIGNATURES && V1.test(item.slice(3))) {
      signatures.push(Buffer.from(item.slice(3), 'hex'));
    }
  }
  if (!TIMESTAMP.test(timestamp)) return REJECTIONS.malformed;
  return signatures.length === 0 ? REJECTIONS.noV1 : { timestamp, signatures };
}

/** HMAC-SHA256 over `<t>.<body>` (stripe.md 4.1), compared in constant time. */
function isSignedWith(secret: string, header: SignatureHeader, raw: Uint8Array): boolean {
  const expected = createHmac('sha256', secret).update(`${header.timestamp}.`).update(raw).digest();
  return header.signatures.some((signature) => timingSafeEqual(signature, expected));
}

function outsideTolerance(timestamp: number, now: number): Rejection | null {
  const age = Math.floor(now / 1000) - timestamp;
  if (Math.abs(age) <= TOLERANCE_SECONDS) return null;
  const hint =
    age > 0
      ? `signed ${age} s ago: this machine's clock is ahead, or an old delivery is being replayed`
      : `signed ${-age} s in the future: this machine's clock is behind`;
  return {
    rejected: 'timestamp_outside_tolerance',
    hint: `${hint}; ${TOLERANCE_SECONDS} s are allowed`,
  };
}

/** Decodes, parses and reads the envelope of a delivery whose signature was right. */
function receive(raw: Uint8Array): Envelope | Rejection {
  if (!isUtf8(raw)) return REJECTIONS.notUtf8;
  const body = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
  let payload: unknown;
  try {
    payload = readBody(body);
  } catch {
    return REJECTIONS.notJson;
  }
  return snapshotEvent(payload, body) ?? thinEvent(payload, body) ?? REJECTIONS.notAnEvent;
}

function snapshotEvent(payload: unknown, body: string): Envelope | null {
  const read = SnapshotEnvelope.safeParse(payload);
  if (!read.success) return null;
  const { id, type, created, livemode, account } = read.data;
  return { id, type, at: created * 1000, livemode, account: account ?? null, body, payload };
}

/** A thin event (stripe.md 4.6) is taken in, so that Stripe does not retry it for days; translation says what to do. */
function thinEvent(payload: unknown, body: string): Envelope | null {
  const read = ThinEnvelope.safeParse(payload);
  if (!read.success) return null;
  const { id, type, created, livemode } = read.data;
  return { id, type, at: Date.parse(created), livemode, account: null, body, payload };
}

/** The connected account of a stored event; thin events name none. */
export function accountOf(payload: unknown): string | null {
  return SnapshotEnvelope.safeParse(payload).data?.account ?? null;
}
