import { describe, expect, test } from 'vitest';
import { createSeal, SealError, type SealedFor } from '../../src/store/seal.ts';

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);
const ABOUT: SealedFor = { workspace: 'default', account: 'acct_1', kind: 'secret:whs_1' };
const SECRET = 'whsec_the_secret_itself';

const seal = createSeal([OLD]);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SealError) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the seal', () => {
  test('gives back what it was given, for any text', () => {
    for (const text of ['', SECRET, 'ß\u{1F511}', 'x'.repeat(10_000)])
      expect(seal.open(seal.close(text, ABOUT), ABOUT)).toBe(text);
  });

  test('never makes the same text twice, and shows nothing of the secret', () => {
    const sealed = Array.from({ length: 50 }, () => seal.close(SECRET, ABOUT));
    expect(new Set(sealed).size).toBe(50);
    for (const text of sealed) {
      expect(text).not.toContain('whsec');
      expect(Buffer.from(text.split('.')[2] ?? '', 'base64').toString('latin1')).not.toContain('secret');
    }
  });

  test('notices every changed byte', () => {
    const [version, id, text = ''] = seal.close(SECRET, ABOUT).split('.');
    const bytes = Buffer.from(text, 'base64');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(refusal(() => seal.open(`${version}.${id}.${changed.toString('base64')}`, ABOUT))).toMatch(/was changed/);
    }
  });

  test.each(['', 'v1', 'v1.', 'v1..', 'v2.00000000.AAAA', `v1.${seal.keyId}.`, `v1.${seal.keyId}.AAAA`])(
    'refuses %j, which it did not make',
    (text) => {
      expect(() => seal.open(text, ABOUT)).toThrow(SealError);
    },
  );

  test.each<[string, Partial<SealedFor>]>([
    ['workspace', { workspace: 'acme' }],
    ['account', { account: 'acct_2' }],
    ['secret of the same account', { kind: 'secret:whs_2' }],
    ['kind', { kind: 'api_key:live' }],
  ])('does not open in the row of another %s', (_words, other) => {
    const message = refusal(() => seal.open(seal.close(SECRET, ABOUT), { ...ABOUT, ...other }));
    expect(message).toMatch(/another row/);
    expect(message).not.toContain(SECRET);
  });

  test('rotation: the first key seals, every key opens', () => {
    const before = seal.close(SECRET, ABOUT);
    const both = createSeal([NEW, OLD]);
    expect(both.open(before, ABOUT)).toBe(SECRET);
    const after = both.close(SECRET, ABOUT);
    expect(both.keyIdOf(after)).toBe(createSeal([NEW]).keyId);
    expect(createSeal([NEW]).open(after, ABOUT)).toBe(SECRET);
    expect(() => seal.open(after, ABOUT)).toThrow(SealError);
  });

  test('a missing key is said by its name, and so are those that are there', () => {
    const other = createSeal([NEW]);
    const message = refusal(() => other.open(seal.close(SECRET, ABOUT), ABOUT));
    expect(message).toContain(`key ${seal.keyId}`);
    expect(message).toContain(`holds ${other.keyId}`);
    expect(message).toContain('TRIBUTARY_SECRET_KEY');
    expect(seal.keyId).toMatch(/^[0-9a-f]{8}$/);
  });

  test('without a key nothing is sealed, and the words say how to make one', () => {
    const none = createSeal([]);
    expect(none.keyId).toBeNull();
    expect(refusal(() => none.close(SECRET, ABOUT))).toContain('openssl rand -base64 32');
    expect(refusal(() => none.open(seal.close(SECRET, ABOUT), ABOUT))).toContain('it holds none');
  });
});
