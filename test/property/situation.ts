/** The terms under which a random history is played: incentives, settings, coupons and recruiters, dealt by the seed. */
import type { Terms } from '../../src/core/incentives.ts';
import { percentage } from '../../src/core/money.ts';
import type { Settings } from '../../src/core/rules.ts';
import type { RandomHistory } from '../../src/simulator/random.ts';
import { createRng, type Rng } from '../../src/simulator/rng.ts';
import { createStage, fixed, terms, type Stage } from '../support/stage.ts';
import type { TestDatabase } from '../support/server.ts';

export const REFERRALS = ['ref_a1', 'ref_b1', null, 'ref_a2', 'ref_b2', 'nobody'];

/** Rules that look at one payment at a time. */
const PLAIN: readonly (readonly [string, Terms])[] = [
  ['inc_year', terms('25.5', { interval: 'yearly', holdPeriodDays: 30 })],
  ['inc_gold', terms('33.33', { interval: 'monthly', groupId: 'gold', manualAbove: 2_000n })],
  ['inc_units', fixed(150n, { per: 'unit', isSubscription: true, priority: 3 })],
  ['inc_whole', fixed(500n, { refundOnlyWhole: true, affiliateId: 'bob' })],
  ['inc_recruit', terms('12', { parentRatio: percentage('3.3'), priority: 1 })],
  ['inc_looked_at', terms('11', { approvalType: 'manual', isSubscription: false })],
];

/** Rules that look across the payments of a referral. */
const ACROSS: readonly (readonly [string, Terms])[] = [
  ['inc_first', fixed(700n, { applyTo: 'first', affiliateId: 'bob' })],
  ['inc_later', terms('7.7', { applyTo: 'recurring', priority: 1 })],
  ['inc_three', terms('40', { maxPayments: 3, groupId: 'gold', priority: 5 })],
  ['inc_capped', terms('20', { maxAmount: 3_000n, maxMonths: 12, priority: 2 })],
  ['inc_month', terms('45', { maxMonths: 1, priority: 4 })],
  ['inc_coupon', terms('35', { maxPayments: 2, affiliateId: 'dora' })],
  ['inc_tier', terms('18', { maxAmount: 900n, parentRatio: percentage('5'), priority: 6, interval: 'monthly' })],
];

export type Situation = {
  readonly seed: string;
  readonly across: boolean;
  readonly settings: Partial<Settings>;
  readonly incentives: readonly (readonly [string, Terms])[];
  /** New versions of incentives in the middle of the history; none: the rules stay as they are. */
  readonly changes: readonly (readonly [string, Terms])[];
  readonly coupons: readonly Coupon[];
};

type PromotionCode = { id: string; code: string; coupon?: { id: string }; promotion?: { coupon: string } };

type Coupon = { code: string; promotion: string | null; coupon: string | null; affiliate: string };

function settingsFor(rng: Rng): Partial<Settings> {
  const sometimes = (name: keyof Settings, value: unknown): object => (rng.chance(0.25) ? { [name]: value } : {});
  return {
    ...sometimes('accrual', true),
    ...sometimes('precedence', 'click'),
    ...sometimes('provisionalDisputes', true),
    ...sometimes('limitsPer', 'subscription'),
    ...sometimes('lockRates', true),
    ...sometimes('sellUncollectible', true),
    ...sometimes('excludeOutOfBand', true),
    ...sometimes('trustOutOfBand', true),
    ...sometimes('countProrations', true),
    ...sometimes('holdPeriodDays', 14),
    // Without any rate: what is paid in another currency waits, but for what callers set.
    ...(rng.chance(0.1) ? { currency: 'eur' } : {}),
  };
}

/** Each promotion code of the history is given to somebody by its code, its own id or its coupon's id, or to nobody. */
function couponsFor(rng: Rng, history: RandomHistory): Coupon[] {
  const made = history.events.filter(({ type }) => type === 'promotion_code.created');
  return made.flatMap(({ body }, index) => {
    const { id, code, coupon, promotion } = (JSON.parse(body) as { data: { object: PromotionCode } }).data.object;
    const couponId = coupon?.id ?? promotion?.coupon ?? null;
    const own = { code: `OURS${index}`, promotion: null, coupon: null, affiliate: rng.pick(['dora', 'bob', 'ann']) };
    const given = [
      { ...own, code: code.toLowerCase() },
      { ...own, promotion: id },
      { ...own, coupon: couponId },
    ];
    return rng.chance(0.1) ? [] : [rng.pick<Coupon>(given)];
  });
}

/** Two of three situations have rules across payments, and in one of three the rules change meanwhile. */
export function situationOf(seed: string, index: number, history: RandomHistory): Situation {
  const rng = createRng(`situation/${seed}`);
  const across = index % 3 !== 0;
  const some = (all: Situation['incentives']): Situation['incentives'] => all.filter(() => rng.chance(0.5));
  const incentives = [['inc_all', terms('10')] as const, ...some(PLAIN), ...(across ? some(ACROSS) : [])];
  return {
    seed,
    across,
    settings: settingsFor(rng),
    incentives,
    changes: index % 3 === 1 ? some([['inc_all', terms('13')], ...PLAIN, ...ACROSS]) : [],
    coupons: couponsFor(rng, history),
  };
}

/** A stage under these terms. `early` and `late` are the versions of the rules before and after they changed. */
export async function prepare(
  on: TestDatabase,
  situation: Situation,
): Promise<Stage & { readonly versions: { readonly early: number; readonly late: number } }> {
  const stage = await createStage(on, { startAt: Date.UTC(2027, 0, 1) });
  const { ask, program } = stage;
  for (const [id, group] of [['ann', 'gold'], ['bob'], ['carl'], ['dora']] as const) await stage.affiliate(id, group);
  const recruited = JSON.stringify([{ since: 0, groupId: 'gold', status: 'approved', parentId: 'carl' }]);
  await ask(`UPDATE affiliates SET parent_id = 'carl', history = $2 WHERE workspace_id = $1 AND affiliate_id = 'ann'`, [
    recruited,
  ]);
  for (const id of ['ref_a1', 'ref_a2']) await stage.referral(id, 'ann');
  for (const id of ['ref_b1', 'ref_b2']) await stage.referral(id, 'bob');
  await ask('UPDATE workspaces SET settings = $2 WHERE workspace_id = $1', [
    JSON.stringify([{ since: 1, settings: situation.settings }]),
  ]);
  for (const [index, { code, promotion, coupon, affiliate }] of situation.coupons.entries())
    await ask(
      `INSERT INTO coupons (workspace_id, coupon_id, program_id, affiliate_id, code, provider_promo_code_id, provider_coupon_id, since)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`,
      [`cpn_${index}`, program, affiliate, code, promotion, coupon],
    );
  for (const [id, own] of situation.incentives) await stage.incentive(id, own);
  const early = await versionOf(stage);
  for (const [id, own] of situation.changes) await stage.incentive(id, own);
  return { ...stage, versions: { early, late: await versionOf(stage) } };
}

async function versionOf({ ask }: Stage): Promise<number> {
  const [row] = await ask<{ version: bigint }>(
    'SELECT rules_version AS version FROM workspaces WHERE workspace_id = $1',
  );
  return Number(row?.version);
}
