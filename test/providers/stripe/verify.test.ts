import { createHmac } from 'node:crypto';

import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import { stripe } from '../../../src/providers/stripe/index.ts';
import { AT, T } from './said.ts';

const SECRET = 'whsec_test_of_the_endpoint';
const OTHER = 'whsec_another';
const EVENT = {
  id: 'evt_1',
  object: 'event',
  type: 'invoice.paid',
  created: T,
  livemode: true,
  data: { object: {} },
};
const BODY = JSON.stringify(EVENT, null, 2);

const sign = (payload: string, secret = SECRET, timestamp = T): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function verified(
  header: string | string[] | undefined,
  body: string | Uint8Array = BODY,
  secrets = [SECRET],
  now = AT,
) {
  const raw = typeof body === 'string' ? bytes(body) : body;
  return stripe.verify(raw, { 'stripe-signature': header }, secrets, now);
}

function codeOf(result: ReturnType<typeof stripe.verify>): string {
  return 'rejected' in result ? result.rejected : 'accepted';
}

/** stripe-node's verdict on the same delivery. */
function theirs(header: string, body: string, secret = SECRET, now = AT): 'accepted' | 'rejected' {
  try {
    Stripe.webhooks.constructEvent(Buffer.from(body), header, secret, 300, undefined, now);
    return 'accepted';
  } catch {
    return 'rejected';
  }
}

const v1 = (payload: string): string => /v1=([0-9a-f]{64})/.exec(sign(payload))?.[1] ?? '';

describe('equivalence with stripe-node (stripe.md 4.2)', () => {
  const rows: [string, string, string, number, string][] = [
    ['right signature', sign(BODY), BODY, AT, 'accepted'],
    ['300 s old', sign(BODY, SECRET, T - 300), BODY, AT, 'accepted'],
    ['301 s old', sign(BODY, SECRET, T - 301), BODY, AT, 'timestamp_outside_tolerance'],
    ['200 s ahead', sign(BODY, SECRET, T + 200), BODY, AT, 'accepted'],
    ['two v1, the second right', `t=${T},v1=${'0'.repeat(64)},v1=${v1(BODY)}`, BODY, AT, 'accepted'],
    ['only v0', `t=${T},v0=${v1(BODY)}`, BODY, AT, 'signature_no_v1'],
    ['space after the comma', `t=${T}, v1=${v1(BODY)}`, BODY, AT, 'signature_no_v1'],
    ['no timestamp', `v1=${v1(BODY)}`, BODY, AT, 'signature_malformed'],
    ['rubbish', 'hello', BODY, AT, 'signature_malformed'],
    ['upper-case hex', `t=${T},v1=${v1(BODY).toUpperCase()}`, BODY, AT, 'signature_no_v1'],
    ['altered body', sign(BODY), BODY.replace('true', 'false'), AT, 'signature_mismatch'],
    ['another secret', sign(BODY, OTHER), BODY, AT, 'signature_mismatch'],
    ['altered timestamp', sign(BODY).replace(`t=${T}`, `t=${T + 1}`), BODY, AT, 'signature_mismatch'],
    ['signed non-JSON', sign('{'), '{', AT, 'not_json'],
  ];
  test.each(rows)('%s', (_, header, body, now, code) => {
    expect(codeOf(verified(header, body, [SECRET], now))).toBe(code);
    expect(theirs(header, body, SECRET, now)).toBe(code === 'accepted' ? 'accepted' : 'rejected');
  });

  test('the future is refused on purpose where stripe-node lets it pass', () => {
    const header = sign(BODY, SECRET, T + 301);
    expect(theirs(header, BODY)).toBe('accepted');
    const result = verified(header);
    expect(codeOf(result)).toBe('timestamp_outside_tolerance');
    expect('hint' in result && result.hint).toContain("301 s in the future: this machine's clock is behind");
  });

  test('a thin event is taken in where stripe-node throws', () => {
    const thin = {
      id: 'evt_t',
      object: 'v2.core.event',
      type: 'v1.invoice.paid',
      created: '2026-03-01T00:00:00.500Z',
      livemode: false,
    };
    const body = JSON.stringify(thin);
    expect(theirs(sign(body), body)).toBe('rejected');
    expect(verified(sign(body), body)).toMatchObject({
      id: 'evt_t',
      type: 'v1.invoice.paid',
      at: AT + 500,
      livemode: false,
    });
  });

  test('a header given several times', () => {
    expect(codeOf(verified([sign(BODY), sign(BODY)]))).toBe('signature_malformed');
  });
});

describe('what is refused, and how it is said', () => {
  test.each([
    ['no header', () => verified(undefined), 'signature_missing'],
    ['empty header', () => verified(''), 'signature_missing'],
    ['no secret', () => verified(sign(BODY), BODY, []), 'no_secret_configured'],
    ['blank secret', () => verified(sign(BODY), BODY, ['', '  ']), 'no_secret_configured'],
    ['JSON, not an event', () => verified(sign('{"object":"invoice"}'), '{"object":"invoice"}'), 'not_an_event'],
    ['an array', () => verified(sign('[]'), '[]'), 'not_an_event'],
    ['event without livemode', () => verified(...signedWithout('livemode')), 'not_an_event'],
    ['event without id', () => verified(...signedWithout('id')), 'not_an_event'],
    ['event without created', () => verified(...signedWithout('created')), 'not_an_event'],
  ])('%s', (_, deliver, code) => {
    const result = deliver();
    expect(codeOf(result)).toBe(code);
    expect('hint' in result && result.hint.length).toBeGreaterThan(10);
  });

  function signedWithout(field: keyof typeof EVENT): [string, string] {
    const body = JSON.stringify({ ...EVENT, [field]: undefined });
    return [sign(body), body];
  }

  test('bytes that are not UTF-8 are refused although their signature is right', () => {
    const raw = new Uint8Array([0x22, 0xff, 0x22]);
    const signature = createHmac('sha256', SECRET).update(`${T}.`).update(raw).digest('hex');
    expect(codeOf(verified(`t=${T},v1=${signature}`, raw))).toBe('not_utf8');
  });

  test('the signature is checked before anything is decoded or parsed', () => {
    expect(codeOf(verified(sign(BODY), new Uint8Array([0xff])))).toBe('signature_mismatch');
    expect(codeOf(verified(sign(BODY), '{'))).toBe('signature_mismatch');
  });

  test('at most 8 signatures are tried, a flood of them costs nothing', () => {
    const wrong = (count: number): string => `,v1=${'0'.repeat(64)}`.repeat(count);
    expect(codeOf(verified(`t=${T}${wrong(7)},v1=${v1(BODY)}`))).toBe('accepted');
    expect(codeOf(verified(`t=${T}${wrong(8)},v1=${v1(BODY)}`))).toBe('signature_mismatch');
  });

  test('hints name the likely causes', () => {
    const mismatch = verified(sign(BODY, OTHER));
    expect('hint' in mismatch && mismatch.hint).toMatch(/stripe listen.*dashboard.*own secret.*body parser/s);
    const old = verified(sign(BODY, SECRET, T - 1000));
    expect('hint' in old && old.hint).toContain('1000 s ago');
  });
});

describe('what is received', () => {
  test('any active secret will do (trap 39), whatever its place', () => {
    for (const secrets of [
      [OTHER, SECRET],
      [SECRET, OTHER],
      ['', SECRET],
    ]) {
      expect(codeOf(verified(sign(BODY), BODY, secrets))).toBe('accepted');
    }
  });

  test('the event, its exact text and the parsed payload; trap 35: the world it belongs to', () => {
    expect(verified(sign(BODY))).toEqual({
      id: 'evt_1',
      type: 'invoice.paid',
      at: AT,
      livemode: true,
      account: null,
      matched: 0,
      body: BODY,
      payload: EVENT,
    });
    const test = JSON.stringify({ ...EVENT, livemode: false });
    expect(verified(sign(test), test)).toMatchObject({ livemode: false });
  });

  test('the connected account of a Connect event', () => {
    const body = JSON.stringify({ ...EVENT, account: 'acct_1' });
    expect(verified(sign(body), body)).toMatchObject({ account: 'acct_1' });
  });

  test('non-ASCII text and a view into a larger buffer', () => {
    const body = JSON.stringify({ ...EVENT, data: { object: { name: 'Zoë 漢字 🎈' } } });
    const large = new Uint8Array([1, 2, 3, ...bytes(body), 4]);
    const result = verified(sign(body), large.subarray(3, large.length - 1));
    expect(result).toMatchObject({ body });
  });
});
