/**
 * Secrets at rest: AES-256-GCM with a key from the environment, a random nonce of 12 bytes, and the row's identity as
 * additional authenticated data, so that a value moved to another row does not open. The text names its key:
 * `v1.<key id>.<base64 of nonce, tag and ciphertext>`.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Whose secret it is. `kind` tells apart what one account has several of: `secret:whs_…`, `api_key:live`. */
export type SealedFor = { readonly workspace: string; readonly account: string; readonly kind: string };

export type Seal = {
  /** The key that seals; null: none is configured, and nothing can be stored. */
  readonly keyId: string | null;
  /** Throws a `SealError` when there is no key. */
  close(secret: string, about: SealedFor): string;
  /** Throws a `SealError` with words that name the key when it is missing, or say that the value was changed. */
  open(sealed: string, about: SealedFor): string;
  /** The key a sealed value names. */
  keyIdOf(sealed: string): string;
};

/** A secret that cannot be sealed or opened; the message says what to do and holds nothing secret. */
export class SealError extends Error {}

const NONCE = 12;
const TAG = 16;
const VERSION = 'v1';

/** Said wherever a secret is to be stored without a key. */
export const NO_SEAL_KEY =
  'TRIBUTARY_SECRET_KEY is not set, so nothing secret can be stored. Make one with "openssl rand -base64 32", set it for every process and start again.';

/** Eight hexadecimal digits that tell keys apart and say nothing about them. */
function keyIdOf(key: Buffer): string {
  return createHash('sha256').update('tributary seal key ').update(key).digest('hex').slice(0, 8);
}

/** As JSON, so that no two identities are the same bytes. */
function identity({ workspace, account, kind }: SealedFor): Buffer {
  return Buffer.from(JSON.stringify([VERSION, workspace, account, kind]));
}

/** The first key seals, all of them open: that is rotation. Each has 32 bytes. */
export function createSeal(keys: readonly Buffer[]): Seal {
  const known = new Map(keys.map((key) => [keyIdOf(key), key]));
  const [first] = keys;
  return {
    keyId: first ? keyIdOf(first) : null,
    keyIdOf: (sealed) => sealed.split('.')[1] ?? '',
    close(secret, about) {
      if (!first) throw new SealError(NO_SEAL_KEY);
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', first, nonce, { authTagLength: TAG }).setAAD(identity(about));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `${VERSION}.${keyIdOf(first)}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')}`;
    },
    open: (sealed, about) => open(known, sealed, about),
  };
}

function open(known: ReadonlyMap<string, Buffer>, sealed: string, about: SealedFor): string {
  const [version, id = '', text = ''] = sealed.split('.');
  const whose = `the ${about.kind.split(':')[0]?.replaceAll('_', ' ')} of account "${about.account}"`;
  if (version !== VERSION) throw new SealError(`${whose} is sealed in a way this version does not know`);
  const key = known.get(id);
  if (!key)
    throw new SealError(
      `${whose} was sealed with key ${id}, which TRIBUTARY_SECRET_KEY does not hold; it holds ${[...known.keys()].join(', ') || 'none'}. Add that key behind the first, separated by a comma.`,
    );
  const bytes = Buffer.from(text, 'base64');
  const [nonce, tag] = [bytes.subarray(0, NONCE), bytes.subarray(NONCE, NONCE + TAG)];
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
    cipher.setAAD(identity(about)).setAuthTag(tag);
    return Buffer.concat([cipher.update(bytes.subarray(NONCE + TAG)), cipher.final()]).toString('utf8');
  } catch {
    throw new SealError(
      `${whose} does not open: the stored value was changed, or moved from another row. Store it again.`,
    );
  }
}
