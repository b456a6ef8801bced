/** Reads what decisions are made by: the program's settings and every version of every incentive. */
import { compareIncentives, looksAcross, type Incentive, type Terms } from '../core/incentives.ts';
import type { Ratio } from '../core/money.ts';
import { DEFAULT_SETTINGS, type Rules, type Settings } from '../core/rules.ts';
import { loadRates } from './rates.ts';
import { loadCoupons, loadPartners } from './terms.ts';
import type { Tx } from './tx.ts';

/** Terms as the column keeps them: amounts and ratios as decimal text. */
type StoredRatio = { readonly num: string; readonly den: string } | null;

export type StoredTerms = Omit<Terms, 'ratio' | 'parentRatio' | 'amount' | 'maxAmount' | 'manualAbove'> & {
  readonly ratio: StoredRatio;
  readonly parentRatio?: StoredRatio;
  readonly amount: string | null;
  readonly maxAmount: string | null;
  readonly manualAbove: string | null;
};

const big = (text: string | null): bigint | null => (text === null ? null : BigInt(text));
const text = (amount: bigint | null): string | null => (amount === null ? null : String(amount));

const readRatio = (ratio: StoredRatio): Ratio | null =>
  ratio ? { num: BigInt(ratio.num), den: BigInt(ratio.den) } : null;

const writeRatio = (ratio: Ratio | null): StoredRatio =>
  ratio ? { num: String(ratio.num), den: String(ratio.den) } : null;

export function readTerms(stored: StoredTerms): Terms {
  return {
    ...stored,
    ratio: readRatio(stored.ratio),
    parentRatio: readRatio(stored.parentRatio ?? null),
    amount: big(stored.amount),
    maxAmount: big(stored.maxAmount),
    manualAbove: big(stored.manualAbove),
  };
}

export function writeTerms(terms: Terms): StoredTerms {
  return {
    ...terms,
    ratio: writeRatio(terms.ratio),
    parentRatio: writeRatio(terms.parentRatio ?? null),
    amount: text(terms.amount),
    maxAmount: text(terms.maxAmount),
    manualAbove: text(terms.manualAbove),
  };
}

type IncentiveRow = {
  incentive_id: string;
  version: number;
  program_id: string;
  since: bigint;
  until: bigint | null;
  born: bigint;
  terms: StoredTerms;
};
/** `[{since, settings}]`, appended to with every change. */
type SettingsHistory = { since: number; settings: Partial<Settings> }[];
type WorkspaceRow = { rules_version: bigint; settings: SettingsHistory };

/** The rules of a workspace with every version that ever held, sorted by the published order. */
export async function loadRules(tx: Tx, workspace: string): Promise<Rules> {
  const own = await tx.query<WorkspaceRow>({
    text: 'SELECT rules_version, settings FROM workspaces WHERE workspace_id = $1',
    values: [workspace],
  });
  const { rows } = await tx.query<IncentiveRow>({
    text: `SELECT incentive_id, version, program_id, since, until, terms,
             min(since) OVER (PARTITION BY incentive_id) AS born
           FROM incentives WHERE workspace_id = $1`,
    values: [workspace],
  });
  const incentives = rows.map(incentiveOf).toSorted(compareIncentives);
  const history = (own.rows[0]?.settings ?? []).map(({ since, settings }) => ({
    since,
    settings: { ...DEFAULT_SETTINGS, ...settings },
  }));
  return {
    version: Number(own.rows[0]?.rules_version ?? 0n),
    settings: history,
    incentives,
    lookAcross:
      incentives.some(({ terms }) => looksAcross(terms)) || history.some(({ settings }) => settings.lockRates),
    coupons: await loadCoupons(tx, workspace),
    rates: await loadRates(tx, workspace),
    partners: new Map((await loadPartners(tx, workspace)).map((one) => [one.id, one])),
  };
}

function incentiveOf(row: IncentiveRow): Incentive {
  return {
    id: row.incentive_id,
    version: row.version,
    programId: row.program_id,
    since: Number(row.since),
    until: row.until === null ? null : Number(row.until),
    born: Number(row.born),
    terms: readTerms(row.terms),
  };
}
