/**
 * Stories: a case of cases.md as a play. The simulator plays it, the stage hears it, and what stands afterwards is
 * compared line by line, to the cent. A story that has a payload is played in both shape families, and its events are
 * heard as they happened, backwards, shuffled and as a backlog: the outcome must be the same each time.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../src/core/desk.ts';
import { isRefusal } from '../../src/core/refusals.ts';
import { writeEntry } from '../../src/core/requests.ts';
import type { Settings } from '../../src/core/rules.ts';
import { createDesk } from '../../src/pipeline/desk/index.ts';
import { standingLines, verifyWorkspace } from '../../src/pipeline/verify.ts';
import {
  type AccountOptions,
  createAccount,
  type SimulatedAccount,
  type SimulatedCustomer,
  type SimulatedEvent,
  type SimulatedPayment,
} from '../../src/simulator/account.ts';
import type { Family } from '../../src/simulator/family.ts';
import { createRng } from '../../src/simulator/rng.ts';
import { createDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/server.ts';
import { createStage, terms, translators, type Heard, type Stage, type StageOptions } from '../support/stage.ts';

export type { Family };
export const FAMILIES: readonly Family[] = ['old', 'basil'];

/** 2026-01-05T08:00:00Z, in unix seconds. */
export const MONDAY = 1_767_600_000;

/** How what happened reaches the inbox. */
const ORDERS: Readonly<Record<string, (stage: Stage, heard: readonly Heard[], on: TestDatabase) => Promise<void>>> = {
  'as it happened': (stage, heard) => stage.hearAll(heard),
  backwards: (stage, heard) => stage.hearAll(heard.toReversed()),
  // And after each of them what stands is what was heard so far demands.
  shuffled: async (stage, heard, { database }) => {
    for (const one of createRng(`shuffle/${stage.workspace}`).shuffle(heard)) {
      await stage.hearAll([one]);
      const { differences } = await verifyWorkspace(database, translators, stage.workspace);
      expect(differences, one.body.slice(0, 200)).toEqual([]);
    }
  },
  'as a backlog': async (stage, heard) => {
    for (const one of heard) await stage.store(one);
  },
};

/** Each is heard when it happens: holds end and deferrals mature between them. Only for stories that give a `course`. */
async function inItsOwnTime(stage: Stage, heard: readonly Heard[]): Promise<void> {
  for (const one of heard) {
    stage.clock.now = Math.max(stage.clock.now, momentOf(one) * 1000);
    await stage.drain();
    await stage.hear(one);
  }
}

const momentOf = ({ created = 0 }: Heard): number => created;

/** What one telling of a story leaves to look at. */
export type Scene = {
  readonly stage: Stage;
  readonly account: SimulatedAccount;
  readonly family: Family;
  readonly order: string;
};

export type Plot<Told> = {
  /** The rules before anything happens; default: jane brought `ref_1` and earns 30 % of everything. */
  readonly rules?: (stage: Stage, account: SimulatedAccount) => Promise<unknown>;
  readonly settings?: Partial<Settings>;
  readonly account?: Partial<AccountOptions>;
  readonly families?: readonly Family[];
  readonly play: (account: SimulatedAccount) => Told;
  /** What arrives of what happened, in order; default: all. */
  readonly heard?: (events: readonly SimulatedEvent[], told: Told) => readonly SimulatedEvent[];
  /** What others say meanwhile, see `ruling` and `lead`. */
  readonly said?: (told: Told) => readonly Heard[];
  /** Days that pass after the last event. */
  readonly days?: number;
  /** Everything that stands, see `Stage.tells`. */
  readonly stands: readonly string[];
  /** Transfers in the order they were posted, when the events came as they happened. */
  readonly ledger?: readonly string[];
  /** Transfers in the order they were posted, when each event is heard in its own time. */
  readonly course?: readonly string[];
  /** Events that still wait, see `Stage.waiting`; default: none. */
  readonly waits?: readonly string[];
  /** What else is true in every order. */
  readonly also?: (scene: Scene, told: Told) => Promise<void> | void;
};

/** jane brought `ref_1` and earns 30 % of everything. */
export async function janeEarnsThirty(stage: Stage): Promise<void> {
  await janeBroughtOne(stage);
  await stage.incentive('inc_all', terms('30'));
}

/** jane brought `ref_1`; nothing says yet what she earns. */
export async function janeBroughtOne(stage: Stage): Promise<void> {
  await stage.affiliate('jane');
  await stage.referral('ref_1', 'jane');
}

/** A customer who came through `ref_1`, by the merchant's own metadata. */
export function referred(account: SimulatedAccount, email = 'buyer@customer.example'): SimulatedCustomer {
  return account.customer({ email, metadata: { affonso_referral: 'ref_1' } });
}

/** A sign-up through a referral, at a moment in unix seconds. */
export function lead(referralId: string, email: string, at: number): Heard {
  const entry = { kind: 'lead', referralId, email, externalUserId: null, customerId: null, body: '{}' } as const;
  return { source: 'operator', id: `lead:${email}`, type: 'operator.lead', created: at, body: writeEntry(entry) };
}

let rulings = 0;

/** An operator's word on the commission of an invoice's (or an intent's, or a charge's) payment, at a moment in unix seconds. */
export function ruling(payment: SimulatedPayment, status: string, at: number): Heard {
  rulings += 1;
  const { invoice, paymentIntent, charge } = payment;
  const name = invoice ? `invoice:${invoice.id}` : paymentIntent ? `pi:${paymentIntent}` : `ch:${charge}`;
  return {
    source: 'operator',
    id: `ruling:${rulings}`,
    type: 'operator.ruling',
    created: at,
    body: writeEntry({ kind: 'ruling', payment: `stripe:${name}`, status, body: '{}' }),
  };
}

/** Who may do everything in the stage's workspace. */
export const callerOf = ({ workspace }: Stage, livemode = true): Caller => ({
  workspace,
  livemode,
  keyId: 'key_1',
  scopes: ['*'],
});

/** What the trace says about an id, a sentence each. */
export async function wordsOf(stage: Stage, id: string | null | undefined): Promise<readonly string[]> {
  const answer = await createDesk(stage.work, translators).trace(callerOf(stage), id ?? '');
  if (isRefusal(answer)) throw new Error(answer.message);
  return answer.summary;
}

/** The event with another object in it, as an endpoint of another version or an older account would send it. */
export function rewritten(
  event: SimulatedEvent,
  change: (object: Record<string, unknown>) => Record<string, unknown>,
): SimulatedEvent {
  const envelope = JSON.parse(event.body) as { data: { object: Record<string, unknown> } };
  const body = JSON.stringify(
    { ...envelope, data: { ...envelope.data, object: change(envelope.data.object) } },
    null,
    2,
  );
  return { ...event, body, object: JSON.parse(body) as SimulatedEvent['object'] };
}

/** The same event in another envelope: another delivery, endpoint, account or world. */
export function enveloped(event: SimulatedEvent, change: Readonly<Record<string, unknown>>): SimulatedEvent {
  const body = JSON.stringify({
    ...change,
    ...(JSON.parse(event.body) as Record<string, unknown>),
    ...change,
  });
  return { ...event, body, object: JSON.parse(body) as SimulatedEvent['object'] };
}

/** One database for a test file, and stages on it that are proven when their test ends. */
export function theatre() {
  let on: TestDatabase | undefined;
  const raised: Stage[] = [];
  const database = (): TestDatabase => {
    if (!on) throw new Error('the theatre opens before the first test');
    return on;
  };
  beforeAll(async () => {
    on = await createDatabase();
  });
  afterAll(() => on?.drop());
  // Here and not in the stories, so that none can forget it.
  afterEach(async () => {
    for (const stage of raised.splice(0)) await expectProven(database(), stage);
  });

  async function raise(options: StageOptions = {}): Promise<Stage> {
    const stage = await createStage(database(), options);
    raised.push(stage);
    return stage;
  }

  async function tell<Told>(plot: Plot<Told>, family: Family): Promise<void> {
    const account = createAccount({ seed: 7, startAt: MONDAY, ...plot.account, family });
    const told = plot.play(account);
    const events = plot.heard?.(account.events, told) ?? account.events;
    const words = plot.said?.(told) ?? [];
    const heard = words.length === 0 ? events : [...events, ...words].toSorted((a, b) => momentOf(a) - momentOf(b));
    const standings: string[][] = [];
    const orders = plot.course ? { ...ORDERS, 'in its own time': inItsOwnTime } : ORDERS;
    for (const [order, hear] of Object.entries(orders)) {
      const stage = await raise();
      await (plot.rules ?? janeEarnsThirty)(stage, account);
      if (plot.settings) await stage.settings(plot.settings);
      await hear(stage, heard, database());
      await stage.drain();
      if (plot.days) await stage.pass(plot.days);
      const found = { order, stands: await stage.tells(), waits: await stage.waiting() };
      expect(found).toEqual({ order, stands: plot.stands, waits: plot.waits ?? [] });
      if (plot.ledger && order === 'as it happened') expect(await stage.ledger()).toEqual(plot.ledger);
      if (plot.course && order === 'in its own time') expect(await stage.ledger()).toEqual(plot.course);
      await plot.also?.({ stage, account, family, order }, told);
      const inbox = (await stage.inbox()).map(({ event_key: key, state, reason }) => `${key} ${state} ${reason}`);
      standings.push([...(await standingLines(database().database, stage.workspace)), ...inbox].toSorted());
    }
    for (const standing of standings) expect(standing).toEqual(standings[0]);
  }

  /** A case whose whole story is what Stripe sends. */
  function story<Told>(number: number, outcome: string, plot: Plot<Told>): void {
    for (const family of plot.families ?? FAMILIES)
      test(`case ${number}: ${outcome} (${family})`, () => tell(plot, family));
  }

  /** A trap of reference/stripe.md section 10 that no case is about. */
  function trap<Told>(number: number, outcome: string, plot: Plot<Told>): void {
    for (const family of plot.families ?? FAMILIES)
      test(`trap ${number}: ${outcome} (${family})`, () => tell(plot, family));
  }

  /** A case with more to it than the events of one account; `play` does its own hearing and expecting. */
  function scene(number: number, outcome: string, play: (family: Family) => Promise<void>): void {
    for (const family of FAMILIES) test(`case ${number}: ${outcome} (${family})`, () => play(family));
  }

  return { story, trap, scene, raise, database };
}

/** The ledger follows from the events alone, each commission's transfers sum to what it says, nothing hangs. */
async function expectProven({ database }: TestDatabase, stage: Stage): Promise<void> {
  const proof = await verifyWorkspace(database, translators, stage.workspace);
  expect(proof.differences).toEqual([]);
  expect(proof.equal).toBe(true);
  const unbalanced = await stage.ask(
    `SELECT c.commission_id, c.status, c.earned, c.reversed, COALESCE(t.stands, 0) AS stands FROM commissions c LEFT JOIN (
       SELECT commission_id, sum(CASE WHEN debit = 'program' THEN amount WHEN credit = 'program' THEN -amount ELSE 0 END) AS stands
       FROM transfers WHERE workspace_id = $1 GROUP BY 1) t USING (commission_id)
     WHERE c.workspace_id = $1 AND COALESCE(t.stands, 0) <> CASE WHEN c.status = 'declined' THEN 0 ELSE c.earned - c.reversed END`,
  );
  expect(unbalanced).toEqual([]);
  const stuck = (await stage.inbox()).filter(({ state }) => state === 'pending' || state === 'failed');
  expect(stuck).toEqual([]);
}
