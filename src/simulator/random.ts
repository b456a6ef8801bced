import {
  createAccount,
  type SimulatedAccount,
  type SimulatedEvent,
  type SimulatedPayment,
  type SimulatedPrice,
} from './account.ts';
import { DAY } from './calendar.ts';
import type { Family } from './family.ts';
import { createIds } from './ids.ts';
import { createRng, type Rng } from './rng.ts';
import type { Metadata } from './json.ts';
import { type Scene, STORIES, undo } from './stories.ts';
import { MORE_STORIES, undoAny } from './stories-all.ts';

/** A random history and what is needed to attribute it. */
export interface RandomHistory {
  /** All events of all accounts, by creation time. */
  readonly events: readonly SimulatedEvent[];
  readonly accounts: readonly SimulatedAccount[];
  /** `referral` is the token dealt to a customer; a history may show it in none, one or many events. */
  readonly customers: readonly {
    id: string;
    email: string | null;
    family: Family;
    referral: string | null;
  }[];
  readonly prices: readonly SimulatedPrice[];
  /** Every payment that happened, for oracles. */
  readonly payments: readonly SimulatedPayment[];
}

/** How random histories are shaped. */
export interface RandomHistoryOptions {
  /** Default 4. */
  customers?: number | undefined;
  /** At least this many events; default and minimum 40. */
  minEvents?: number | undefined;
  families?: readonly Family[] | undefined;
  /** Referral tokens dealt out to customers; null leaves one organic. Default: none. */
  referrals?: readonly (string | null)[] | undefined;
  /**
   * `spine` (default) plays what makes commissions; `all` adds every loss and oddity: disputes of all endings, failed
   * and cancelled refunds, credit notes, late invoices and attribution, promotion codes, warnings, opt-outs, part and
   * late payments.
   */
  kinds?: 'spine' | 'all' | undefined;
  /** Metadata that takes a sale out of the program, for the opt-outs of `all`. */
  optOut?: Metadata | undefined;
  livemode?: boolean | undefined;
  /** Unix seconds; default 2026-01-05. */
  startAt?: number | undefined;
}

/** A random history over all scenario kinds: several customers, mixed families, money seen through several events, refunds. */
export function randomHistory(seed: number | string, options: RandomHistoryOptions = {}): RandomHistory {
  const rng = createRng(`history/${seed}`);
  const startAt = options.startAt ?? 1_767_600_000;
  const accounts = openAccounts(seed, rng, { ...options, startAt });
  const scenes = Array.from({ length: Math.max(2, options.customers ?? 4) }, (_, index) =>
    sceneOf(accounts, rng, index, { ...options, startAt }),
  );
  const payments: SimulatedPayment[] = [];
  const least = Math.max(40, options.minEvents ?? 40);
  const all = options.kinds === 'all';
  const stories = all ? { ...STORIES, ...MORE_STORIES } : STORIES;
  const undoing = all ? undoAny : undo;
  const queue = rng.shuffle(Object.keys(stories));
  const count = (): number => accounts.reduce((sum, { account }) => sum + account.events.length, 0);
  for (let turn = 0; turn < scenes.length || count() < least; turn++) {
    const scene = scenes[turn % scenes.length] as Scene;
    const story = stories[queue[turn % queue.length] ?? 'renewals'];
    scene.account.at(startAt + rng.int(1, 60) * DAY);
    for (const payment of story?.(scene) ?? []) {
      if (!payment) continue;
      payments.push(payment);
      if (rng.chance(0.4)) undoing(scene, payment);
    }
  }
  return {
    events: accounts.flatMap(({ account }) => account.events).toSorted((a, b) => a.created - b.created),
    accounts: accounts.map(({ account }) => account),
    customers: scenes.map(({ customer, account, referral }) => ({
      id: customer.id,
      email: customer.email,
      family: account.family,
      referral,
    })),
    prices: accounts.flatMap(({ monthly, dearer, yearly }) => [monthly, dearer, yearly]),
    payments,
  };
}

type Stage = Pick<Scene, 'account' | 'monthly' | 'dearer' | 'yearly'>;

function openAccounts(seed: number | string, rng: Rng, options: RandomHistoryOptions & { startAt: number }): Stage[] {
  const ids = createIds(`history/${seed}`);
  return (options.families ?? ['old', 'basil']).map((family) => {
    const refundEvents = rng.pick(['both', 'both', 'charge-only', 'refund-only'] as const);
    const account = createAccount({
      family,
      seed,
      ids,
      refundEvents,
      startAt: options.startAt,
      livemode: options.livemode,
    });
    const monthly = account.price({ amount: rng.int(900, 3_000) });
    const dearer = account.price({ amount: rng.int(4_000, 9_900), product: monthly.product });
    const yearly = account.price({ amount: rng.int(9_000, 30_000), interval: 'year' });
    return { account, monthly, dearer, yearly };
  });
}

function sceneOf(
  stages: readonly Stage[],
  rng: Rng,
  index: number,
  { startAt, referrals = [], optOut = { affonso_opt_out: 'true' } }: RandomHistoryOptions & { startAt: number },
): Scene {
  const stage = stages[index % stages.length] as Stage;
  stage.account.at(startAt + index * 60);
  const referral = referrals.length === 0 ? null : (referrals[index % referrals.length] ?? null);
  const metadata = referral !== null && rng.chance(0.3) ? { affonso_referral: referral } : {};
  return {
    ...stage,
    rng,
    referral,
    optOut,
    customer: stage.account.customer({ email: `buyer${index}@customers.example`, metadata }),
  };
}
