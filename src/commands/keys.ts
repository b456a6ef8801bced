/** `keys …`: API keys of a workspace, of every dialect. A key is printed once, where it is made; only its hash is kept. */
import type { Config } from '../config.ts';
import type { Caller } from '../core/desk.ts';
import type { KeyDesk, KeyInput, KeyView, MadeKey } from '../core/key-desk.ts';
import { isRefusal, type Refusal } from '../core/refusals.ts';
import { toIso } from '../core/time.ts';
import { keyDesk } from '../pipeline/desk/keys.ts';
import { families } from '../surfaces/index.ts';
import { answer, callerIn, fail, opened, workspaceOf, type Options } from './opened.ts';
import { InputError, momentOf, readSecret } from './secret-input.ts';

type Work = (desk: KeyDesk, caller: Caller, options: Options, id: string) => Promise<string | Refusal>;

const HOW =
  'Say: tributary keys create | import | list | rotate <id> | revoke <id>, with --workspace <name>; --help says more.';

export async function keys(config: Config, [verb = '', id]: readonly string[], options: Options): Promise<number> {
  const work = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  const needsId = verb === 'rotate' || verb === 'revoke';
  if (!work || needsId !== (id !== undefined)) return fail(HOW);
  return opened(config, 1, async (parts) => {
    const caller = callerIn(await workspaceOf(parts, options));
    return answer(await work(keyDesk(parts.work), caller, options, id ?? ''));
  });
}

const VERBS: Readonly<Record<string, Work>> = {
  async create(desk, caller, options) {
    const made = await desk.addKey(caller, inputOf(options, null));
    return isRefusal(made) ? made : (made.key ?? '');
  },
  async import(desk, caller, options) {
    const made = await desk.addKey(caller, inputOf(options, await readSecret(options)));
    return isRefusal(made) ? made : `${made.view.shown} is known now as ${made.view.id}; only its hash is kept.`;
  },
  async list(desk, caller) {
    const { rows } = await desk.keys(caller, { limit: 10_000, offset: 0 });
    return rows.length === 0 ? `Workspace "${caller.workspace}" has no API key.` : rows.map(inWords).join('\n');
  },
  async rotate(desk, caller, options, id) {
    const overlapMs = overlapOf(options['overlap']) * 1000;
    const expiresAt = momentOf('--expires', options['expires']);
    const made: MadeKey | Refusal = await desk.rotateKey(caller, id, { families, overlapMs, expiresAt });
    return isRefusal(made) ? made : (made.key ?? '');
  },
  async revoke(desk, caller, _options, id) {
    const gone = await desk.revokeKey(caller, id);
    return isRefusal(gone) ? gone : `${id} was revoked and stops working within two seconds.`;
  },
};

const words = (value: unknown): string[] | null =>
  typeof value !== 'string'
    ? null
    : value
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean);

function inputOf(options: Options, key: string | null): KeyInput {
  const family = families.find(({ name }) => name === options['family']);
  if (!family) throw new InputError(`--family must be one of ${families.map(({ name }) => name).join(', ')}.`);
  return {
    family,
    name: String(options['name']),
    livemode: options['test'] !== true,
    scopes: words(options['scopes']) ?? ['*'],
    hosts: (words(options['hosts']) ?? []).map((host) => host.toLowerCase()),
    affiliateId: typeof options['affiliate'] === 'string' ? options['affiliate'] : null,
    expiresAt: momentOf('--expires', options['expires']),
    key,
  };
}

const LONGEST_OVERLAP = 30 * 86_400;

function overlapOf(value: unknown): number {
  const seconds = /^\d{1,7}$/.test(String(value)) ? Number(value) : Infinity;
  if (seconds > LONGEST_OVERLAP) throw new InputError(`--overlap must be seconds from 0 to ${LONGEST_OVERLAP}.`);
  return seconds;
}

function inWords(key: KeyView): string {
  const { id, family, livemode, shown, name, scopes } = key;
  const more = [
    key.affiliateId && `of ${key.affiliateId}`,
    key.hosts.length > 0 && `on ${key.hosts.join(', ')}`,
    key.rotatedFrom && `in place of ${key.rotatedFrom}`,
    key.lastUsedAt !== null && `used ${toIso(key.lastUsedAt)}`,
    key.expiresAt !== null && `until ${toIso(key.expiresAt)}`,
    key.revokedAt !== null && `revoked ${toIso(key.revokedAt)}`,
  ].filter(Boolean);
  return [id, family, livemode ? 'live' : 'test', shown, scopes.join(',') || 'no permissions', name, ...more].join(
    '  ',
  );
}
