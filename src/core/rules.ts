/** What decisions are made by, each with the rules version from which it held. */
import type { Incentive } from './incentives.ts';

export type Settings = {
  /** Minutes a payment intent that may belong to an invoice waits before it counts as a one-time sale. */
  readonly deferMinutes: number;
  /** The program's hold in days when the incentive has none of its own; null: none. */
  readonly holdPeriodDays: number | null;
  /** Out-of-band money is trusted without an approval. */
  readonly trustOutOfBand: boolean;
};

export const DEFAULT_SETTINGS: Settings = { deferMinutes: 10, holdPeriodDays: null, trustOutOfBand: false };

export type Rules = {
  readonly version: number;
  /** Settings with the rules version from which they held, oldest first. */
  readonly settings: readonly { readonly since: number; readonly settings: Settings }[];
  /** Sorted by the published order. */
  readonly incentives: readonly Incentive[];
  /** Some incentive looks across payments of one referral. */
  readonly lookAcross: boolean;
};

/** The settings that held at a rules version. */
export function settingsAt(rules: Rules, version: number): Settings {
  return rules.settings.findLast((entry) => entry.since <= version)?.settings ?? DEFAULT_SETTINGS;
}

/** An affiliate with what held at each rules version, newest last. */
export type AffiliateView = {
  readonly id: string;
  readonly history: readonly { readonly since: number; readonly groupId: string | null; readonly status: string }[];
};

/** What held for the affiliate at a rules version; before its first entry the first one counts. */
export function affiliateAt(
  view: AffiliateView | undefined,
  rules: number,
): AffiliateView['history'][number] | undefined {
  return view?.history.findLast((entry) => entry.since <= rules) ?? view?.history[0];
}
