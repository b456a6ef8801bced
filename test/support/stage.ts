/**
 * A stage for stories: one workspace on a real database, with affiliates, referrals and incentives, that hears simulated
 * Stripe events through the real provider and pipeline, and can be asked what everybody earned.
 */
import pino from 'pino';
import type { Explanation } from '../../src/core/explain.ts';
import type { Terms } from '../../src/core/incentives.ts';
import { ACCOUNTS } from '../../src/core/ledger.ts';
import { toMajor } from '../../src/core/money.ts';
import { askNext, type Asking } from '../../src/pipeline/ask.ts';
import type { Clockwork } from '../../src/pipeline/clockwork.ts';
import { newId } from '../../src/pipeline/ids.ts';
import { createLines } from '../../src/pipeline/lines.ts';
import { processNext } from '../../src/pipeline/process.ts';
import { receive, type Receipt } from '../../src/pipeline/receive.ts';
import { releaseNext } from '../../src/pipeline/release.ts';
import { rulesCache } from '../../src/pipeline/rules.ts';
import { createVault, EMPTY_ENVIRONMENT } from '../../src/pipeline/vault.ts';
import { journalTranslators } from '../../src/pipeline/journal.ts';
import type { Translator, Translators } from '../../src/pipeline/translate.ts';
import { providers } from '../../src/providers/index.ts';
import { storePending } from '../../src/store/inbox.ts';
import { writeTerms } from '../../src/store/rules.ts';
import { changeSettings, createWorkspace } from '../../src/store/workspaces.ts';
import type { CouponView } from '../../src/core/views.ts';
import type { Settings } from '../../src/core/rules.ts';
import { addRates, ratioOfDecimal } from '../../src/pipeline/rates.ts';
import { insertCoupon } from '../../src/store/coupons.ts';
import { insertRates } from '../../src/store/rates.ts';
import type { SimulatedEvent } from '../../src/simulator/account.ts';
import type { TestDatabase } from './server.ts';

export { fixed, terms } from './terms.ts';

export type ConversionRow = {
  conversion_id: string;
  kind: string;
  status: string;
  reason: string | null;
  money_key: string;
  external_event_id: string;
  currency: string;
  amount: bigint;
  refunded: bigint;
  base: bigint;
  affiliate_id: string | null;
  livemode: boolean;
  occurred_at: Date;
  explanation: Explanation | null;
};

export type CommissionRow = {
  commission_id: string;
  affiliate_id: string;
  status: string;
  currency: string;
  base: bigint;
  earned: bigint;
  reversed: bigint;
  incentive_id: string;
  incentive_version: number;
  hold_days: number | null;
  parts: { incentive: string; base: string; commission: string; capped: boolean }[];
};

export type Stage = Awaited<ReturnType<typeof createStage>>;

/** What can be heard: an event of Stripe, or with `source` an entry of the journal. */
export type Heard = Pick<SimulatedEvent, 'body'> & {
  readonly source?: string;
  readonly id?: string;
  readonly type?: string;
  /** Unix seconds. */
  readonly created?: number;
};

/** Every source of events by name, as the product knows them. */
export const translators: Translators = new Map(
  [...providers.values(), ...journalTranslators].map((one) => [one.name, one]),
);

/** What the stages seal secrets with. */
export const SEAL_KEY = Buffer.alloc(32, 7);

let stages = 0;

/** Who answers for every account: Stripe's API at this address. */
export function askingAt(base: string, apiKey = 'rk_live_stage'): Asking {
  const stripe = providers.get('stripe');
  const asker = stripe?.asker?.({ apiKey, base });
  if (!stripe || !asker) throw new Error('Stripe can be asked');
  return { lines: createLines(), respondent: () => ({ asker, translator: stripe }) };
}

/** Stages share a database, and with it the queue of questions; each answers only its own. */
function ownAsking(asking: Asking, own: string): Asking {
  const respondent: Asking['respondent'] = (workspace, livemode, scope) =>
    workspace === own ? asking.respondent(workspace, livemode, scope) : null;
  return { ...asking, respondent };
}

/** `asking`: who answers questions; without it nobody does, as without an API key. */
export type StageOptions = { workspace?: string; startAt?: number; asking?: Asking };

export async function createStage(on: TestDatabase, options: StageOptions = {}) {
  stages += 1;
  const workspace = options.workspace ?? `w${stages}`;
  const program = `prog_${workspace}`;
  const { pool } = on.database;
  await createWorkspace(pool, workspace, workspace, program);
  const clock = { now: options.startAt ?? Date.UTC(2026, 0, 5) };
  const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  const work: Clockwork = {
    database: on.database,
    rules: rulesCache(on.database),
    vault: createVault(on.database, log, EMPTY_ENVIRONMENT, [SEAL_KEY]),
    now: () => clock.now,
    newId,
    log,
    canAsk: () => options.asking !== undefined,
  };
  const stripe = providers.get('stripe') as Translator;
  const ask = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await pool.query<Row & Record<string, unknown>>(text, [workspace, ...values])).rows;

  const asking = options.asking ? ownAsking(options.asking, workspace) : null;

  const stage = {
    work,
    asking,
    workspace,
    program,
    clock,
    ask,
    async affiliate(id: string, groupId: string | null = null, status = 'approved'): Promise<string> {
      await ask(
        `INSERT INTO affiliates (workspace_id, affiliate_id, program_id, group_id, name, email, tracking_id, status, history)
         VALUES ($1, $2, $3, $4, $2, $2 || '@partner.example', $2, $5, $6)`,
        [id, program, groupId, status, JSON.stringify([{ since: 0, groupId, status, email: `${id}@partner.example` }])],
      );
      return id;
    },
    async referral(id: string, affiliateId: string, more: { email?: string } = {}): Promise<string> {
      await ask(
        `INSERT INTO referrals (workspace_id, referral_id, affiliate_id, program_id, status, email, created_at)
         VALUES ($1, $2, $3, $4, 'lead', $5, '2026-01-01')`,
        [id, affiliateId, program, more.email ?? null],
      );
      return id;
    },
    /** A new incentive, or a new version of one that exists. */
    async incentive(id: string, own: Terms): Promise<string> {
      await ask(
        `WITH bumped AS (UPDATE workspaces SET rules_version = rules_version + 1 WHERE workspace_id = $1 RETURNING rules_version),
         old AS (UPDATE incentives SET until = bumped.rules_version FROM bumped
                 WHERE workspace_id = $1 AND incentive_id = $2 AND until IS NULL RETURNING version)
         INSERT INTO incentives (workspace_id, incentive_id, version, program_id, since, terms)
         SELECT $1, $2, COALESCE((SELECT version FROM old), 0) + 1, $3, bumped.rules_version, $4 FROM bumped`,
        [id, program, JSON.stringify(writeTerms(own))],
      );
      return id;
    },
    /** Settings that hold from now on. */
    settings: (changes: Partial<Settings>) => changeSettings(pool, workspace, changes),
    /** A rate given on a day; returns how many were new. `decides: false`: as if the process died right after it. */
    async rate(
      from: string,
      to: string,
      day: string,
      decimal: string,
      { decides = true }: { decides?: boolean } = {},
    ): Promise<number> {
      const ratio = ratioOfDecimal(decimal);
      if (!ratio) throw new Error(`"${decimal}" is no rate`);
      const rate = { from, to, day: Date.parse(day), ratio, source: 'test' };
      if (!decides) return insertRates(pool, workspace, [rate], clock.now);
      return (await addRates(work, workspace, [rate])).fresh;
    },
    /** A coupon given to an affiliate: by its code alone, or with the provider's ids. */
    async coupon(id: string, affiliateId: string, code: string, own: Partial<CouponView> = {}): Promise<string> {
      const bare = { providerCouponId: null, providerPromoCodeId: null, details: {}, createdAt: clock.now };
      await insertCoupon(pool, workspace, {
        id,
        programId: program,
        affiliateId,
        code,
        provider: 'stripe',
        ...bare,
        ...own,
      });
      return id;
    },
    /** Hears one event as the webhook endpoint does after the signature. */
    async hear(event: Heard, at = workspace): Promise<Receipt> {
      const { source, ...incoming } = incomingOf(event);
      return receive(work, at, translators.get(source) ?? stripe, incoming);
    },
    async hearAll(events: Iterable<Heard>): Promise<void> {
      for (const event of events) await stage.hear(event);
    },
    /** Lets time pass: holds end, deferrals mature, pending events are tried, questions asked. */
    async pass(days: number): Promise<void> {
      await stage.wait(days * 86_400);
    },
    async wait(seconds: number): Promise<void> {
      clock.now += seconds * 1000;
      await stage.drain();
    },
    async drain(): Promise<void> {
      const round = async (): Promise<number> =>
        (await processNext(work, translators)) + (asking ? await askNext(work, asking) : 0) + (await releaseNext(work));
      // Bounded: what is due and stays due would keep a worker busy for ever.
      for (let rounds = 0; (await round()) > 0; rounds += 1)
        if (rounds > 2_000) throw new Error('the work does not end');
    },
    questions: () =>
      ask<{ kind: string; id: string; state: string; reason: string | null; attempts: number }>(
        'SELECT kind, id, state, reason, attempts FROM questions WHERE workspace_id = $1 ORDER BY kind, id',
      ),
    conversions: (kind: string | null = null) =>
      ask<ConversionRow>(
        `SELECT * FROM conversions WHERE workspace_id = $1 AND status <> 'void' AND ($2::text IS NULL OR kind = $2)
         ORDER BY occurred_at, money_key`,
        [kind],
      ),
    sales: () => stage.conversions('sale'),
    refunds: () => stage.conversions('refund'),
    /** Commissions of the payments in the order the money moved; withdrawn ones are left out. */
    commissions: () =>
      ask<CommissionRow>(
        `SELECT c.* FROM commissions c JOIN conversions v USING (workspace_id, conversion_id)
         WHERE c.workspace_id = $1 AND v.status <> 'void' AND NOT (c.status = 'declined' AND c.earned = 0)
         ORDER BY v.occurred_at, v.money_key, c.affiliate_id`,
      ),
    async balance(affiliate: string, currency = 'usd', livemode = true) {
      const [row] = await ask<{ review: bigint; pending: bigint; payable: bigint; paid: bigint }>(
        `SELECT review, pending, payable, paid FROM balances WHERE workspace_id = $1 AND affiliate_id = $2 AND currency = $3 AND livemode = $4`,
        [affiliate, currency, livemode],
      );
      return row ?? { review: 0n, pending: 0n, payable: 0n, paid: 0n };
    },
    inbox: () =>
      ask<{ event_key: string; type: string; state: string; reason: string | null }>(
        'SELECT event_key, type, state, reason FROM inbox WHERE workspace_id = $1 ORDER BY occurred_at, event_key',
      ),
    /** Stores one event without its effect, as a backlog does; `drain` takes it. */
    async store(event: Heard): Promise<void> {
      const { account: _, payload: __, ...kept } = incomingOf(event);
      await storePending(pool, { ...kept, workspace, received: clock.now }, null, clock.now);
    },
    /**
     * Everything that stands, a line each in the order the money moved, then the balances:
     * `sale 100.00 usd partial_refunded, base 100.00: jane 30.00 - 9.00 ready_for_payment`.
     */
    async tells(): Promise<string[]> {
      const rows = await ask<ToldRow>(
        `SELECT v.kind, v.status, v.reason, v.currency, v.amount, v.base, v.livemode, c.affiliate_id, c.earned, c.reversed, c.status AS standing
         FROM conversions v LEFT JOIN commissions c ON c.workspace_id = $1 AND c.conversion_id = v.conversion_id
           AND NOT (c.status = 'declined' AND c.earned = 0)
         WHERE v.workspace_id = $1 AND v.status <> 'void' ORDER BY v.occurred_at, array_position(ARRAY['sale', 'refund', 'dispute'], v.kind), v.livemode DESC, v.money_key, c.affiliate_id`,
      );
      const balances = await ask<BalanceRow>(
        `SELECT affiliate_id, currency, livemode, review, pending, payable, paid FROM balances WHERE workspace_id = $1
         ORDER BY affiliate_id, currency, livemode DESC`,
      );
      return [...rows.map(conversionLine), ...balances.flatMap(balanceLine)];
    },
    /** Every transfer in the order it was posted: `program -> payable 29.70 earned`. */
    async ledger(): Promise<string[]> {
      const rows = await ask<{ debit: string; credit: string; amount: bigint; currency: string; reason: string }>(
        'SELECT debit, credit, amount, currency, reason FROM transfers WHERE workspace_id = $1 ORDER BY at, ctid',
      );
      return rows.map((row) => `${row.debit} -> ${row.credit} ${toMajor(row.amount, row.currency)} ${row.reason}`);
    },
    /** Events that wait or failed, each `type: state reason`. */
    async waiting(): Promise<string[]> {
      const rows = await stage.inbox();
      return rows
        .filter(({ state }) => state !== 'done' && state !== 'ignored')
        .map(({ type, state, reason }) => `${type}: ${state} ${reason}`)
        .toSorted();
    },
  };
  return stage;
}

function incomingOf({ source = 'stripe', body, ...told }: Heard) {
  const payload = JSON.parse(body) as {
    id?: string;
    type?: string;
    created?: number;
    livemode?: boolean;
    account?: string;
  };
  return {
    source,
    id: payload.id ?? told.id ?? '',
    type: payload.type ?? told.type ?? '',
    at: (payload.created ?? told.created ?? 0) * 1000,
    livemode: payload.livemode ?? true,
    account: payload.account ?? null,
    body,
    payload,
  };
}

type ToldRow = {
  kind: string;
  status: string;
  reason: string | null;
  currency: string;
  amount: bigint;
  base: bigint;
  livemode: boolean;
  affiliate_id: string | null;
  earned: bigint;
  reversed: bigint;
  standing: string;
};

function conversionLine(row: ToldRow): string {
  const money = (amount: bigint): string => toMajor(amount, row.currency);
  const world = row.livemode ? '' : 'test ';
  const head = `${world}${row.kind} ${money(row.amount)} ${row.currency} ${row.status}`;
  if (row.kind !== 'sale') return head;
  const why = row.reason === null ? '' : ` (${row.reason})`;
  const back = row.reversed === 0n ? '' : ` - ${money(row.reversed)}`;
  const who = row.affiliate_id === null ? '' : `: ${row.affiliate_id} ${money(row.earned)}${back} ${row.standing}`;
  return `${head}, base ${money(row.base)}${why}${who}`;
}

type BalanceRow = {
  affiliate_id: string;
  currency: string;
  livemode: boolean;
  review: bigint;
  pending: bigint;
  payable: bigint;
  paid: bigint;
};

/** `jane usd: payable 29.70`; an empty balance says nothing. */
function balanceLine(row: BalanceRow): string[] {
  const accounts = ACCOUNTS.filter((account) => row[account] !== 0n);
  if (accounts.length === 0) return [];
  const world = row.livemode ? '' : ' test';
  return [
    `${row.affiliate_id}${world} ${row.currency}: ${accounts.map((account) => `${account} ${toMajor(row[account], row.currency)}`).join(', ')}`,
  ];
}
