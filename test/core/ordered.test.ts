/** A commission that a caller sets itself (apis.md 2.2, Commission): decided like every other, but for its amount. */
import { describe, expect, test } from 'vitest';
import { decide, type Decision, type World } from '../../src/core/decide.ts';
import type { Ruling } from '../../src/core/facts.ts';
import { NO_EARLIER, type Terms } from '../../src/core/incentives.ts';
import { explanationOf, inWords } from '../../src/core/explain.ts';
import { mergePayments, paymentOf, rulingOf } from '../../src/core/merge.ts';
import { percentage } from '../../src/core/money.ts';
import { factsOfEntry, readEntry, writeEntry } from '../../src/core/requests.ts';
import { DEFAULT_SETTINGS, type Rules, type Settings } from '../../src/core/rules.ts';
import { EMPTY_PAYMENT } from '../../src/core/state.ts';
import { readPayment, writePayment } from '../../src/core/codec.ts';
import { DAY_MS } from '../../src/core/time.ts';
import type { SaleRequest } from '../../src/core/desk.ts';
import { saleRequest } from '../support/requests.ts';
import { terms } from '../support/terms.ts';

const PAID_AT = Date.UTC(2026, 0, 5);
const KEY = 'affonso:sale:pay_1';
const APPROVED = [{ since: 0, groupId: null, status: 'approved' as const }];

type Given = {
  readonly told?: Partial<SaleRequest>;
  readonly rulings?: readonly Omit<Ruling, 'stamp'>[];
  readonly settings?: Partial<Settings>;
  readonly incentives?: readonly Terms[];
  readonly rates?: Rules['rates'];
};

/** A sale of 100.00 usd, credited to jane, whom rosa recruited. */
function decided({ told, rulings = [], settings, incentives = [terms('20')], rates = [] }: Given): Decision {
  const rules: Rules = {
    version: 1,
    settings: [{ since: 0, settings: { ...DEFAULT_SETTINGS, ...settings } }],
    incentives: incentives.map((own, index) => {
      return { id: `inc_${index}`, version: 1, programId: 'prog', since: 0, until: null, born: 0, terms: own };
    }),
    lookAcross: false,
    coupons: [],
    rates,
    partners: new Map(),
  };
  const world: World = {
    rules,
    customer: () => undefined,
    referral: (id) => ({ id, affiliateId: 'jane', programId: 'prog', rejected: false }),
    affiliate: (id) => ({
      id,
      history: id === 'jane' ? [{ since: 0, groupId: null, status: 'approved', parentId: 'rosa' }] : APPROVED,
    }),
    price: () => undefined,
  };
  const request = saleRequest('pay_1', { referralId: 'ref_1', occurredAt: PAID_AT, ...told });
  const ref = { source: 'affonso', type: 'sale', livemode: true, rules: 1, received: PAID_AT };
  // As the inbox keeps it: what was told is written, read, translated, merged, written and read again.
  const entry = readEntry(JSON.parse(writeEntry({ kind: 'sale', request, alias: null })));
  const event = { ...ref, id: 'sale:pay_1', at: PAID_AT };
  const states = factsOfEntry(event, entry).flatMap((fact) => {
    if (fact.kind === 'payment') return [paymentOf(fact, event)];
    return fact.kind === 'ruling' ? [rulingOf(fact.ruling, fact.keys, event)] : [];
  });
  const words = rulings.map((word, index) => {
    const at = PAID_AT + index + 1;
    const said = { ...ref, id: `ruling:${index}`, at };
    return rulingOf({ ...word, stamp: { at, rank: 0, event: said.id } }, [KEY], said);
  });
  const state = [...states, ...words].reduce(mergePayments, EMPTY_PAYMENT);
  return decide(readPayment(writePayment(state)), world, () => NO_EARLIER);
}

const usd = (amount: bigint): { amount: bigint; currency: string } => ({ amount, currency: 'usd' });

/** `jane 30.00 usd …` without the decimals. */
function earned({ commissions }: Decision): string[] {
  return commissions.map(({ affiliateId, earned: amount, currency, status }) =>
    [affiliateId, amount, currency, status].join(' '),
  );
}

const RECRUITER = [terms('20', { parentRatio: percentage('5') })];
const DOLLAR = {
  from: 'usd',
  to: 'eur',
  day: PAID_AT - DAY_MS,
  ratio: { num: 9n, den: 10n },
  since: 1,
  source: 'ecb',
};

describe('an ordered commission', () => {
  test.each<[string, Given, string[]]>([
    ['is what the incentives say when nobody orders', {}, ['jane 2000 usd ready_for_payment']],
    ['takes their place', { told: { ordered: usd(3_000n) } }, ['jane 3000 usd ready_for_payment']],
    ['needs none of them', { told: { ordered: usd(3_000n) }, incentives: [] }, ['jane 3000 usd ready_for_payment']],
    ['may be more than was paid', { told: { ordered: usd(30_000n) } }, ['jane 30000 usd ready_for_payment']],
    ['may be nothing', { told: { ordered: usd(0n) } }, ['jane 0 usd ready_for_payment']],
    [
      'leaves its recruiter what the incentive gives them',
      { told: { ordered: usd(3_000n) }, incentives: RECRUITER },
      ['jane 3000 usd ready_for_payment', 'rosa 500 usd ready_for_payment'],
    ],
    [
      'gives a recruiter nothing of another currency',
      { told: { ordered: { amount: 3_000n, currency: 'eur' } }, incentives: RECRUITER },
      ['jane 3000 eur ready_for_payment'],
    ],
    [
      'is converted to the currency of the program',
      { told: { ordered: usd(3_000n) }, settings: { currency: 'eur' }, rates: [DOLLAR] },
      ['jane 2700 eur ready_for_payment'],
    ],
    [
      'needs no rate in the currency of the program, whatever was paid',
      { told: { ordered: { amount: 3_000n, currency: 'eur' } }, settings: { currency: 'eur' } },
      ['jane 3000 eur ready_for_payment'],
    ],
    [
      'is set by the newest word',
      { told: { ordered: usd(3_000n) }, rulings: [{ status: null, ordered: usd(100n) }, { status: 'declined' }] },
      ['jane 100 usd declined'],
    ],
    [
      'waits for a person where its incentive does',
      { rulings: [{ status: null, ordered: usd(100n) }], incentives: [terms('20', { approvalType: 'manual' })] },
      ['jane 100 usd pending_manual_approval'],
    ],
    ['of a sale that failed is none', { told: { ordered: usd(3_000n), saleStatus: 'failed' } }, []],
  ])('%s', (_, given, expected) => {
    expect(earned(decided(given))).toEqual(expected);
  });

  test('waits for its rate', () => {
    const { parked, awaits } = decided({ told: { ordered: usd(3_000n) }, settings: { currency: 'eur' } });
    expect([parked, awaits]).toEqual(['no_exchange_rate', ['fx:usd:eur']]);
  });

  test.each<[string, Given, number | null]>([
    ['its own', { told: { ordered: usd(1n), holdDays: 7 }, incentives: [terms('20', { holdPeriodDays: 30 })] }, 7],
    ['none', { told: { ordered: usd(1n), holdDays: 0 }, incentives: [terms('20', { holdPeriodDays: 30 })] }, 0],
    ["its incentive's", { told: { ordered: usd(1n) }, incentives: [terms('20', { holdPeriodDays: 30 })] }, 30],
    ["the program's", { told: { ordered: usd(1n) }, settings: { holdPeriodDays: 14 }, incentives: [] }, 14],
    ['a later word on it', { told: { holdDays: 7 }, rulings: [{ status: null, holdDays: 3 }] }, 3],
  ])('holds for %s', (_, given, days) => {
    const [commission] = decided(given).commissions;
    expect(commission?.holdDays).toBe(days);
    expect(commission?.availableAt).toBe(PAID_AT + (days ?? 0) * DAY_MS);
  });

  test('what was paid out stays paid when it is set to less', () => {
    const paid = { affiliateId: 'jane', referralId: 'ref_1', programId: 'prog', ...usd(2_000n) };
    const rulings = [
      { status: 'paid', amounts: [paid] },
      { status: null, ordered: usd(500n) },
    ];
    expect(decided({ rulings }).commissions[0]?.standing).toEqual({
      review: 0n,
      pending: 0n,
      payable: -1_500n,
      paid: 2_000n,
    });
  });

  test('says in words where its amount comes from', () => {
    const decision = decided({ told: { ordered: usd(3_000n) }, settings: { currency: 'eur' }, rates: [DOLLAR] });
    const [commission] = decision.commissions;
    if (!commission) throw new Error('nothing was earned');
    const words = inWords({
      currency: 'usd',
      reason: null,
      base: 10_000n,
      refunded: 0n,
      losses: [],
      explanation: explanationOf(decision),
      commission,
    });
    expect(words).toContain('A caller set its commission to 30.00 USD, whatever incentives say.');
    expect(words).toContain('Converted at 1 USD = 9/10 EUR (ecb).');
    expect(words).toContain('It stands at 27.00 EUR, ready for payment.');
  });
});
