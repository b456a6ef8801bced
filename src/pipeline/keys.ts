/**
 * API keys: `sk_live_` (live world) or `sk_dev_` (test world), 32 random characters and a checksum of 6, so that a
 * scanner of leaked secrets knows one when it sees one. Any key of that beginning and at least 16 more characters is
 * accepted, because companies bring theirs along. The key itself is shown once and kept nowhere.
 */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import type { Caller } from '../core/desk.ts';
import { refuse, type Refusal } from '../core/refusals.ts';
import { findKey, hasKey, insertKey, type KeyRow } from '../store/keys.ts';
import type { Clockwork } from './clockwork.ts';

const SHAPE = /^sk_(live|dev)_[A-Za-z0-9_-]{16,200}$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32;
const CHECK_LENGTH = 6;

/** CRC-32 (IEEE 802.3) of ASCII text; `zlib.crc32` is missing in Node 20.19 and younger lines before 22.2. */
export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum of a key's random part: CRC-32 in base 62, six characters. */
export function checkOf(random: string): string {
  let rest = crc32(random);
  let digits = '';
  for (let index = 0; index < CHECK_LENGTH; index += 1) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

function newKey(livemode: boolean): string {
  let random = '';
  while (random.length < RANDOM_LENGTH) random += ALPHABET.charAt(randomInt(ALPHABET.length));
  return `${livemode ? 'sk_live_' : 'sk_dev_'}${random}${checkOf(random)}`;
}

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

export type KeyTerms = {
  readonly workspace: string;
  readonly livemode: boolean;
  readonly name: string;
  /** `write:commissions`, … or `*` for everything. */
  readonly scopes: readonly string[];
  /** Milliseconds UTC; absent: never. */
  readonly expiresAt?: number | null;
};

/** Makes and keeps a key. The answer is the only place where it can be read. */
export async function createKey(work: Clockwork, terms: KeyTerms): Promise<{ key: string; keyId: string }> {
  const key = newKey(terms.livemode);
  return { key, keyId: await keep(work, terms, key) };
}

/** Keeps a key of the operator's own with all scopes; does nothing when it is there. Throws for a key of another shape. */
export async function ensureKey(work: Clockwork, workspace: string, key: string): Promise<void> {
  const world = SHAPE.exec(key)?.[1];
  if (world === undefined) throw new Error('an API key is sk_live_ or sk_dev_ and at least 16 letters and digits');
  await keep(work, { workspace, livemode: world === 'live', name: 'configured', scopes: ['*'] }, key);
}

async function keep(work: Clockwork, terms: KeyTerms, key: string): Promise<string> {
  const keyId = work.newId('key');
  const shown = `${key.startsWith('sk_live_') ? 'sk_live_' : 'sk_dev_'}…${key.slice(-4)}`;
  await insertKey(work.database.pool, {
    ...terms,
    expiresAt: terms.expiresAt ?? null,
    keyId,
    shown,
    hash: hashOf(key),
  });
  return keyId;
}

/** True when the workspace has a key that works. */
export function hasKeys(work: Clockwork, workspace: string): Promise<boolean> {
  return hasKey(work.database.pool, workspace, work.now());
}

/** Milliseconds for which a found key is believed without asking again: how long a revoked one may still work. */
const BELIEVED_MS = 1_500;
const MOST_BELIEVED = 10_000;

export type KeyRing = {
  /** Who calls, by the value of the `Authorization` header; or why nobody does. */
  identify(authorization: string | undefined): Promise<Caller | Refusal>;
};

/** Looks keys up by their hash and remembers those that were found for a moment. Unknown keys are not remembered. */
export function keyRing(work: Clockwork): KeyRing {
  const believed = new Map<string, { readonly row: KeyRow; readonly until: number }>();
  return {
    async identify(authorization) {
      const key = keyIn(authorization);
      if (typeof key !== 'string') return key;
      const now = work.now();
      const hash = hashOf(key);
      const name = hash.toString('base64');
      const known = believed.get(name);
      if (known && known.until > now) return callerOf(known.row, now);
      const row = await findKey(work.database.pool, hash);
      if (!row || !timingSafeEqual(row.hash, hash))
        return refuse('unknown_key', 'This API key is not known. Check that it was copied whole.');
      if (believed.size >= MOST_BELIEVED) believed.clear();
      believed.set(name, { row, until: now + BELIEVED_MS });
      return callerOf(row, now);
    },
  };
}

const HOW = 'Send your key as "Authorization: Bearer sk_live_…".';

function keyIn(authorization: string | undefined): string | Refusal {
  if (authorization === undefined || authorization.trim() === '')
    return refuse('missing_key', `No API key was sent. ${HOW}`);
  const key = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (key === undefined || !SHAPE.test(key))
    return refuse('malformed_key', `This is not an API key of this API. ${HOW}`);
  return key;
}

function callerOf(row: KeyRow, now: number): Caller | Refusal {
  if (row.revokedAt !== null) return refuse('revoked_key', 'This API key was revoked.');
  if (row.expiresAt !== null && row.expiresAt <= now) return refuse('expired_key', 'This API key has expired.');
  const { workspace, livemode, keyId, scopes } = row;
  return { workspace, livemode, keyId, scopes };
}
