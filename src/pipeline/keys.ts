/**
 * API keys as the service meets them: made at the first start, and looked up with every call. Any key that looks like
 * its family's is accepted, because companies bring theirs along. The key itself is shown once and kept nowhere.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Caller } from '../core/desk.ts';
import type { KeyFamily } from '../core/families.ts';
import { refuse, type Refusal } from '../core/refusals.ts';
import { findKey, hasKey, insertKey, noteUse, USE_NOTED_MS, type KeyRow } from '../store/keys.ts';
import type { Clockwork } from './clockwork.ts';
import { beginningsOf, hashOf, lookOf, newKeyText, shownKey } from './key-text.ts';

export type KeyTerms = {
  readonly workspace: string;
  readonly family: KeyFamily;
  readonly livemode: boolean;
  readonly name: string;
  /** `write:commissions`, … or `*` for everything. */
  readonly scopes: readonly string[];
  readonly hosts?: readonly string[];
  /** Who holds it; absent or null: the workspace. */
  readonly affiliateId?: string | null;
  /** Milliseconds UTC; absent: never. */
  readonly expiresAt?: number | null;
};

/** Makes and keeps a key. The answer is the only place where it can be read. */
export async function createKey(work: Clockwork, terms: KeyTerms): Promise<{ key: string; keyId: string }> {
  const beginnings = beginningsOf(terms.family, terms.affiliateId ?? null);
  if (beginnings === null) throw new Error(`affiliates hold no keys of ${terms.family.name}`);
  const beginning = terms.livemode ? beginnings.live : beginnings.test;
  const key = newKeyText(beginning);
  return { key, keyId: await keep(work, terms, key, beginning) };
}

/** Keeps a key of the operator's own with all scopes; does nothing when it is there. Throws for a key of another shape. */
export async function ensureKey(work: Clockwork, family: KeyFamily, workspace: string, key: string): Promise<void> {
  const { live, test } = family.beginnings;
  const look = family.shape.test(key) ? lookOf(key, family.beginnings) : null;
  if (look === null) throw new Error(`an API key is ${live} or ${test} and at least 16 letters and digits`);
  const terms = { workspace, family, livemode: look.livemode, name: 'configured', scopes: ['*'] };
  await keep(work, terms, key, look.beginning);
}

async function keep(work: Clockwork, terms: KeyTerms, key: string, beginning: string): Promise<string> {
  const id = work.newId('key');
  const { workspace, family, livemode, name, scopes, hosts = [], affiliateId = null, expiresAt = null } = terms;
  const shown = shownKey(key, beginning);
  const fixed = { id, shown, hash: hashOf(key), createdAt: work.now(), rotatedFrom: null };
  const given = { workspace, family: family.name, livemode, name, scopes, hosts, affiliateId, expiresAt };
  await insertKey(work.database.of(given.workspace), { ...given, ...fixed });
  return id;
}

/** True when the workspace has a key that works. */
export function hasKeys(work: Clockwork, workspace: string): Promise<boolean> {
  return hasKey(work.database.of(workspace), workspace, work.now());
}

/** Milliseconds for which a found key is believed without asking again: how long a revoked one may still work. */
const BELIEVED_MS = 1_500;
const MOST_BELIEVED = 10_000;

/** What a request says about who sent it. */
export type Credentials = {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The `Origin` header, else the `Referer`: where the page is that a browser sent it from. */
  readonly origin: string | undefined;
};

export type KeyRing = {
  /** Who calls with a key of this family; or why nobody does. */
  identify(family: KeyFamily, credentials: Credentials): Promise<Caller | Refusal>;
};

type Believed = { readonly row: KeyRow; readonly until: number; notedAt: number };

/** Looks keys up by their hash and remembers those that were found for a moment. Unknown keys are not remembered. */
export function keyRing(work: Clockwork): KeyRing {
  const believed = new Map<string, Believed>();
  const find = async (key: string, now: number): Promise<Believed | null> => {
    const hash = hashOf(key);
    const name = hash.toString('base64');
    const known = believed.get(name);
    if (known && known.until > now) return known;
    const row = await findKey(work.database.across, hash);
    if (!row || !timingSafeEqual(row.hash, hash)) return null;
    if (believed.size >= MOST_BELIEVED) believed.clear();
    const found = { row, until: now + BELIEVED_MS, notedAt: Math.max(row.lastUsedAt ?? 0, known?.notedAt ?? 0) };
    believed.set(name, found);
    return found;
  };
  return {
    async identify(family, { authorization, origin }) {
      const key = keyIn(family, authorization);
      if (typeof key !== 'string') return key;
      const now = work.now();
      const found = await find(key, now);
      if (!found || found.row.family !== family.name)
        return refuse('unknown_key', 'This API key is not known. Check that it was copied whole.');
      const caller = callerOf(found.row, now, origin);
      if ('keyId' in caller) note(work, found, now);
      return caller;
    },
  };
}

/** The last use is written beside the call, at most once a minute, and whether that works is nobody's concern. */
function note(work: Clockwork, found: Believed, now: number): void {
  if (now - found.notedAt < USE_NOTED_MS) return;
  found.notedAt = now;
  const { workspace, id } = found.row;
  noteUse(work.database.of(workspace), workspace, id, now).catch((error: unknown) =>
    work.log.debug({ err: error }, 'the last use of a key was not noted'),
  );
}

function keyIn(family: KeyFamily, authorization: string | undefined): string | Refusal {
  if (authorization === undefined || authorization.trim() === '')
    return refuse('missing_key', `No API key was sent. ${family.how}`);
  const key = family.read(authorization);
  if (key === null || !family.shape.test(key))
    return refuse('malformed_key', `This is not an API key of this API. ${family.how}`);
  return key;
}

function callerOf(row: KeyRow, now: number, origin: string | undefined): Caller | Refusal {
  if (row.revokedAt !== null) return refuse('revoked_key', 'This API key was revoked.');
  if (row.expiresAt !== null && row.expiresAt <= now) return refuse('expired_key', 'This API key has expired.');
  if (origin !== undefined && row.hosts.length > 0 && !isAllowed(row.hosts, origin))
    return refuse('wrong_host', 'This API key may not be used from pages of this host.');
  const { workspace, livemode, id, scopes, affiliateId } = row;
  return { workspace, livemode, keyId: id, scopes, affiliateId };
}

/** `*.example.com` is every name below example.com and not itself. */
function isAllowed(hosts: readonly string[], origin: string): boolean {
  const host = URL.canParse(origin) ? new URL(origin).hostname : '';
  return hosts.some((allowed) => (allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed));
}
