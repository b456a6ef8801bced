/** API keys at the desk: making them, bringing them along, rotating, revoking. */
import type { Caller } from '../../core/desk.ts';
import type { KeyFamily } from '../../core/families.ts';
import type { KeyDesk, KeyInput, KeyView, MadeKey } from '../../core/key-desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import { claimHash, endKeyBy, insertKey, keyById, listKeys, revokeKey } from '../../store/keys.ts';
import { inTransaction } from '../../store/transaction.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { beginningsOf, hashOf, lookOf, newKeyText, shownKey } from '../key-text.ts';

export function keyDesk(work: Clockwork): KeyDesk {
  const { of } = work.database;
  return {
    addKey: (caller, input) => add(work, caller, input),
    keys: ({ workspace, livemode }, paging) =>
      listKeys(of(workspace), workspace, { ...paging, livemode: livemode ? null : false }),
    rotateKey: (caller, id, how) => rotate(work, caller, id, how),
    async revokeKey(caller, id) {
      const key = await keyById(of(caller.workspace), caller.workspace, id);
      const no = key === null || (key.livemode && !caller.livemode);
      if (no) return noKey(id);
      await revokeKey(of(caller.workspace), caller.workspace, id, work.now());
      return { deleted: true };
    },
  };
}

const noKey = (id: string): Refusal => refuse('not_found', `There is no API key "${id}".`);

function wrong(field: string, message: string): Refusal {
  return refuse('invalid_input', `${field} ${message}`, { field, details: [{ field, message }] });
}

/** Nobody gives away more than they have: a key of the test world only its like, one with some permissions only those. */
function overreaches(caller: Caller, given: Pick<KeyInput, 'livemode' | 'scopes'>): Refusal | null {
  if (given.livemode && !caller.livemode)
    return refuse('missing_scope', 'A key of the test world makes keys of the test world only.', { needs: '*' });
  const all = caller.scopes.includes('*');
  if (all || (given.scopes.length > 0 && given.scopes.every((scope) => caller.scopes.includes(scope)))) return null;
  return refuse('missing_scope', 'This key can give away only the permissions that it has itself.', { needs: '*' });
}

const HOST = /^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const SHORTEST = 16;

/** What is wrong with the wish, apart from what only the database knows. */
function problemIn(input: KeyInput, now: number): Refusal | null {
  const { family, scopes, hosts, expiresAt, key } = input;
  const scope = scopes.find((one) => !family.scope.test(one));
  if (scope !== undefined) return wrong('scopes', `has "${scope}", which is no permission of ${family.name}`);
  const host = hosts.find((one) => !HOST.test(one));
  if (host !== undefined)
    return wrong('allowed_hosts', `has "${host}", which is no host name such as shop.example.com or *.example.com`);
  if (expiresAt !== null && expiresAt <= now) return wrong('expires_at', 'must lie in the future');
  if (beginningsOf(family, input.affiliateId) === null)
    return wrong('affiliate_id', `must be left out: affiliates hold no keys of ${family.name}`);
  return key === null ? null : problemOfOwn(input, key);
}

/** A key that is brought along looks like its family's, and its beginning does not contradict what is said of it. */
function problemOfOwn({ family, livemode, affiliateId }: KeyInput, key: string): Refusal | null {
  if (key.length < SHORTEST || !family.shape.test(key))
    return wrong('key', `does not look like a key of ${family.name}, or is shorter than ${SHORTEST} characters`);
  const others = affiliateId === null ? family.affiliateBeginnings : family.beginnings;
  if (others !== null && lookOf(key, others) !== null)
    return wrong('key', affiliateId === null ? "is an affiliate's: say whose with affiliate_id" : "is a workspace's");
  const look = lookOf(key, beginningsOf(family, affiliateId) ?? family.beginnings);
  if (look !== null && !look.livemode && livemode)
    return wrong('key', 'is of the test world: bring it with mode "test"');
  return null;
}

async function add(work: Clockwork, caller: Caller, input: KeyInput): Promise<MadeKey | Refusal> {
  const no = overreaches(caller, input) ?? problemIn(input, work.now());
  if (no !== null) return no;
  const { workspace } = caller;
  if (input.affiliateId !== null && !(await findAffiliate(work.database.of(workspace), workspace, input.affiliateId)))
    return wrong('affiliate_id', 'names no affiliate of this workspace');
  return inTransaction(work.database, workspace, (tx) => keep(work, tx, workspace, input, null));
}

async function keep(
  work: Clockwork,
  tx: Tx,
  workspace: string,
  input: KeyInput,
  rotatedFrom: string | null,
): Promise<MadeKey | Refusal> {
  const { family, key: own, ...rest } = input;
  const beginnings = beginningsOf(family, input.affiliateId) ?? family.beginnings;
  const key = own ?? newKeyText(input.livemode ? beginnings.live : beginnings.test);
  const shown = shownKey(key, lookOf(key, beginnings)?.beginning ?? '');
  const hash = hashOf(key);
  if (!(await claimHash(tx, workspace, hash))) return refuse('already_exists', 'This key is in use already.');
  const kept = { ...rest, family: family.name, id: work.newId('key'), shown, createdAt: work.now(), rotatedFrom };
  if (!(await insertKey(tx, { ...kept, workspace, hash })))
    return refuse('already_exists', 'This workspace has this key already; a revoked key stays revoked.');
  const view: KeyView = { ...kept, revokedAt: null, lastUsedAt: null };
  return { view, key: own === null ? key : null };
}

type Rotation = Parameters<KeyDesk['rotateKey']>[2];

/** The new key is what the old one was; when that one was to end, it lasts as long from now on, unless told otherwise. */
function rotate(
  work: Clockwork,
  caller: Caller,
  id: string,
  { families, overlapMs, expiresAt }: Rotation,
): Promise<MadeKey | Refusal> {
  const { workspace } = caller;
  return inTransaction(work.database, workspace, async (tx) => {
    const now = work.now();
    const old = await keyById(tx, workspace, id, { lock: true });
    const family: KeyFamily | undefined = families.find(({ name }) => name === old?.family);
    if (!old || !family) return noKey(id);
    const no = overreaches(caller, old);
    if (no !== null) return no;
    if (old.revokedAt !== null || (old.expiresAt !== null && old.expiresAt <= now))
      return refuse('invalid_input', 'This key does not work any more: make a new one.', { field: 'id' });
    if (expiresAt !== null && expiresAt <= now) return wrong('expires_at', 'must lie in the future');
    await endKeyBy(tx, workspace, id, now + overlapMs);
    const lasting = old.expiresAt === null ? null : now + (old.expiresAt - old.createdAt);
    const { name, livemode, scopes, hosts, affiliateId } = old;
    const input = { family, name, livemode, scopes, hosts, affiliateId, expiresAt: expiresAt ?? lasting, key: null };
    return keep(work, tx, workspace, input, id);
  });
}
