/** Reading a request's body: bytes under a limit that is counted while they come, and JSON that is safe to keep. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { keepableJson } from '../core/body.ts';
import { refuse, type Refusal } from '../core/refusals.ts';

/** Bytes of any body at most; Stripe's largest events are a tenth of it. */
export const BODY_LIMIT = 1_048_576;

const KEYLESS_LIMIT = 32_768;

/** Bytes at most of who calls; less without a key: it is kept, and nobody can be asked to send less. */
export const limitFor = ({ keyless }: { readonly keyless?: boolean }): number => (keyless ? KEYLESS_LIMIT : BODY_LIMIT);

/** What a sender of too much may still send before it hears the answer, and for how long. */
const DRAIN_BYTES = 4 * BODY_LIMIT;
const DRAIN_MS = 1_000;

/** The sender went away before the body was whole: there is nobody to answer. */
export class Aborted extends Error {}

/** The whole body; `too_large` as soon as that is known. Throws `Aborted`. */
export function readBody(request: IncomingMessage, limit = BODY_LIMIT): Promise<Buffer | 'too_large'> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return drain(request, 0);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (give: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      give();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) return done(() => resolve(drain(request, size)));
      chunks.push(chunk);
    };
    const onEnd = (): void =>
      done(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)));
    const onClose = (): void => done(() => reject(new Aborted('the sender went away')));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/**
 * Lets the sender finish, within bounds: an answer followed by a closed connection is lost on a sender that is still
 * writing, and it would see a broken connection instead of the reason.
 */
function drain(request: IncomingMessage, already: number): Promise<'too_large'> {
  return new Promise((resolve) => {
    let size = already;
    const stop = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', stop).off('close', stop).off('error', stop);
      request.on('error', () => undefined);
      resolve('too_large');
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > DRAIN_BYTES) stop();
    };
    const timer = setTimeout(stop, DRAIN_MS);
    request.on('data', onData).on('end', stop).on('close', stop).on('error', stop);
  });
}

const NO_MEDIA_TYPE = 'Send JSON with "Content-Type: application/json".';

/** null: the body may be read as JSON. A missing type is taken for JSON, as most hand-written clients send none. */
export function refuseMediaType(type: string | undefined, encoding: string | undefined): Refusal | null {
  if (encoding !== undefined && encoding !== 'identity')
    return refuse('unsupported_media_type', 'Send the body uncompressed.');
  if (type === undefined || type.trim() === '') return null;
  const [essence = '', ...parameters] = type
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (essence !== 'application/json') return refuse('unsupported_media_type', NO_MEDIA_TYPE);
  const charset = parameters
    .find((part) => part.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return null;
  return refuse('unsupported_media_type', `${NO_MEDIA_TYPE} Its text is UTF-8, not ${charset}.`);
}

/**
 * A body in full: the text for journals and hashes, the value for the schema. An empty body is an empty object. `odd`: a
 * text in the value cannot be kept as it came; `raw` can, with U+FFFD in its place.
 */
export type JsonBody = { readonly raw: string; readonly value: unknown; readonly odd?: true };

export function readJson(bytes: Buffer): JsonBody | Refusal {
  if (!isUtf8(bytes)) return refuse('malformed_json', 'The body is not UTF-8.');
  const raw = bytes.toString('utf8');
  if (raw.trim() === '') return { raw: '', value: {} };
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    return refuse('malformed_json', 'The body is not valid JSON.');
  }
  if (firstUnsafe(value, true) === null) return { raw, value };
  const wrong = firstUnsafe(value, false);
  return wrong ? unsafe(wrong) : { raw: keepableJson(raw), value, odd: true };
}

/** null: all that the schema took of the body can be kept. What it does not take may be anything. */
export function refuseOdd({ odd }: JsonBody, taken: unknown): Refusal | null {
  const found = odd ? firstUnsafe(taken, true) : null;
  return found && unsafe(found);
}

const unsafe = ({ name, problem }: Unsafe): Refusal => refuse('invalid_input', `${name} ${problem}`, { field: name });

const DEEPEST = 32;
const SURROGATE = /\p{Surrogate}/u;

type Unsafe = { readonly name: string; readonly problem: string };

/** Text that PostgreSQL cannot keep as it came: NUL, and halves of characters. */
export function unsafeText(text: string): string | null {
  if (text.includes('\0')) return 'must not contain the character NUL';
  return SURROGATE.test(text) ? 'contains half of a character (a lone surrogate)' : null;
}

/** The first part of a JSON value that we do not take: unsafe text (`texts`), unsafe names, `__proto__`, absurd nesting. */
function firstUnsafe(value: unknown, texts: boolean, name = '', depth = 0): Unsafe | null {
  if (typeof value === 'string') {
    const problem = texts ? unsafeText(value) : null;
    return problem === null ? null : { name: name || 'body', problem };
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= DEEPEST)
    return {
      name: name.split('.')[0] ?? 'body',
      problem: `is nested deeper than ${DEEPEST} levels`,
    };
  for (const [key, member] of Object.entries(value)) {
    const path = name === '' ? key : `${name}.${key}`;
    const problem = key === '__proto__' ? 'is not an allowed name' : unsafeText(key);
    if (problem !== null) return { name: name === '' ? 'body' : name, problem: `has a name that ${problem}` };
    const found = firstUnsafe(member, texts, path, depth + 1);
    if (found) return found;
  }
  return null;
}
