import { createAccount, type SimulatedEvent } from './account.ts';
import { DAY } from './calendar.ts';
import type { Family } from './family.ts';
import { createIds } from './ids.ts';
import { createRng } from './rng.ts';
import { type Branch, type Buyer, type Play, purchase, schedule, signUp } from './saas-acts.ts';

/** What is played. */
export interface SaasOptions {
  seed: number | string;
  /** Length of the story in months of 30 days; default 6. */
  months?: number | undefined;
  /** Default 60. */
  customers?: number | undefined;
  /** Beginning, unix seconds UTC. Nothing is created after `startAt` plus the months. */
  startAt: number;
  /** The click or referral id that brought a customer (by index from 0); null is an organic customer. */
  referralFor: (customerIndex: number) => string | null;
  /** Customers are dealt out to these; default old and basil. */
  families?: readonly Family[] | undefined;
  livemode?: boolean | undefined;
}

/** Who took part and what happened. */
export interface SaasSummary {
  customers: {
    index: number;
    id: string;
    email: string;
    family: Family;
    referral: string | null;
  }[];
  /** Stripe product id of each plan, by plan name and family (`pro/basil`). */
  products: Record<string, string>;
  /** How often each thing happened: signups, renewals, refunds, … */
  happened: Record<string, number>;
  /** Events by type. */
  byType: Record<string, number>;
}

function openBranch(family: Family, options: SaasOptions, ids: ReturnType<typeof createIds>): Branch {
  const account = createAccount({
    family,
    seed: options.seed,
    ids,
    startAt: options.startAt,
    livemode: options.livemode,
  });
  const starter = account.price({ amount: 1_900 });
  const pro = account.price({ amount: 4_900 });
  const quarterly = account.price({ amount: 12_900, intervalCount: 3, product: pro.product });
  const yearly = account.price({ amount: 49_000, interval: 'year', product: pro.product });
  return { account, plans: { starter, pro, quarterly, yearly } };
}

function admit(play: Play, branch: Branch, options: SaasOptions, index: number): Buyer {
  const { account } = branch;
  // most come early, so that renewals fill the story
  const at = options.startAt + Math.floor((play.endAt - options.startAt) * 0.7 * play.rng.next() ** 1.5);
  account.at(at);
  const customer = account.customer({ email: `customer${index + 1}@buyers.example` });
  const buyer: Buyer = { ...branch, index, customer, referral: options.referralFor(index) };
  const buysOnce = play.rng.chance(0.2);
  schedule(play, at + 60, () => {
    account.at(at + 60);
    if (buysOnce) purchase(play, buyer);
    else signUp(play, buyer);
  });
  if (!buysOnce && play.rng.chance(0.15)) {
    const later = at + play.rng.int(10, 60) * DAY;
    schedule(play, later, () => (account.at(later), purchase(play, buyer)));
  }
  return buyer;
}

/** Plays some months of a SaaS with all that happens in them; the same options give the same bytes. */
export function playSaas(options: SaasOptions): { events: SimulatedEvent[]; summary: SaasSummary } {
  const rng = createRng(`saas/${options.seed}`);
  const ids = createIds(`saas/${options.seed}`);
  const play: Play = {
    rng,
    endAt: options.startAt + (options.months ?? 6) * 30 * DAY,
    agenda: [],
    planned: 0,
    happened: {},
  };
  const branches = (options.families ?? ['old', 'basil']).map((family) => openBranch(family, options, ids));
  const buyers = Array.from({ length: options.customers ?? 60 }, (_, index) =>
    admit(play, branches[index % branches.length] as Branch, options, index),
  );
  while (play.agenda.length > 0) {
    play.agenda.sort((a, b) => b.at - a.at || b.order - a.order);
    play.agenda.pop()?.act();
  }
  const all = branches.flatMap(({ account }) => account.events);
  const events = all.filter(({ created }) => created <= play.endAt).toSorted((a, b) => a.created - b.created);
  return { events, summary: summaryOf(branches, buyers, play, events) };
}

function summaryOf(
  branches: readonly Branch[],
  buyers: readonly Buyer[],
  play: Play,
  events: readonly SimulatedEvent[],
): SaasSummary {
  const byType: Record<string, number> = {};
  for (const { type } of events) byType[type] = (byType[type] ?? 0) + 1;
  const products = branches.flatMap(({ account, plans }) => [
    [`starter/${account.family}`, plans.starter.product],
    [`pro/${account.family}`, plans.pro.product],
  ]);
  return {
    customers: buyers.map(({ index, customer, account, referral }) => ({
      index,
      id: customer.id,
      email: customer.email ?? '',
      family: account.family,
      referral,
    })),
    products: Object.fromEntries(products) as Record<string, string>,
    happened: play.happened,
    byType,
  };
}
