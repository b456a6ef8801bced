/**
 * Reach: through which API key each account is asked. The environment's key speaks for the primary account of workspace
 * default, a stored one for its own account; each for its own world. What is known is a snapshot, because deciding asks
 * "can this be asked?" in the middle of its work and cannot wait for a database.
 */
import type { Logger } from 'pino';
import type { Asking, Respondent } from './pipeline/ask.ts';
import { createLines } from './pipeline/lines.ts';
import type { Source } from './pipeline/backfill.ts';
import { noteRefusedKey } from './pipeline/refused.ts';
import type { Vault } from './pipeline/vault.ts';
import { providers } from './providers/index.ts';
import type { Access, Provider } from './providers/provider.ts';
import type { Database } from './store/database.ts';
import { createPace } from './work/pace.ts';

/** Stripe allows 25 requests a second to an endpoint, and as many in all to a test account (reference/stripe.md 5). */
const MOST_PER_SECOND = 20;

/** For how long the keys are believed; other processes learn of a change within this time. */
const BELIEVED_MS = 4_000;

/** An account that can be asked, and how. `account` null: the environment's key, which names none. */
export type Reached = {
  readonly workspace: string;
  readonly livemode: boolean;
  readonly scope: string;
  readonly account: string | null;
  readonly access: Access;
};

export type Reach = {
  /** Reads the keys anew, unless it did so a moment ago. Throws what the database throws when it is away. */
  refresh(): Promise<void>;
  canAsk(workspace: string, livemode: boolean, scope: string): boolean;
  readonly asking: Asking;
  /** Every account that can be asked now. */
  accounts(): Promise<readonly Reached[]>;
  /** The same as sources of lists. */
  sources(): Promise<readonly Source[]>;
};

export type ReachParts = {
  readonly database: Database;
  readonly vault: Vault;
  readonly log: Logger;
  readonly now: () => number;
  /** Another address than the provider's own; null: its own. */
  readonly base: string | null;
};

export function createReach(parts: ReachParts): Reach {
  const { database, log, now } = parts;
  const stripe = providers.get('stripe');
  const respondents = new Map<string, Respondent>();
  const accessOf = pacedAccess(parts.base);
  const known = { at: 0, accounts: new Map<string, Reached>(), problems: new Set<string>() };
  const refresh = async (): Promise<void> => {
    const begun = performance.now();
    if (known.at !== 0 && begun - known.at < BELIEVED_MS) return;
    known.accounts = await readAccounts(parts, accessOf, known.problems);
    known.at = begun;
  };
  const find = (workspace: string, livemode: boolean, scope: string): Reached | null =>
    known.accounts.get(nameOf({ workspace, livemode, scope })) ?? null;
  const accounts = async (): Promise<readonly Reached[]> => (await refresh(), [...known.accounts.values()]);
  return {
    refresh,
    canAsk: (...account) => find(...account) !== null,
    accounts,
    sources: async () => (await accounts()).flatMap((reached) => sourceOf(stripe, reached) ?? []),
    asking: {
      lines: createLines(),
      async respondent(...account) {
        await refresh();
        const reached = find(...account);
        return reached && respondentOf(respondents, stripe, reached.access);
      },
      async onRefused({ workspace, livemode, scope, question }, refusal) {
        const owner = find(workspace, livemode, scope);
        const work = { database, now };
        if (owner) await noteRefusedKey(work, owner, refusal, WORDS[question.kind] ?? question.kind);
        log.warn({ workspace, scope, kind: question.kind }, 'an API key was refused; tributary alerts says what to do');
      },
    },
  };
}

/** What a question of this kind reads, as Stripe names the permission. */
const WORDS: Readonly<Record<string, string>> = {
  invoice: 'Invoices',
  invoice_payments: 'Invoices',
  checkout_session: 'Checkout Sessions',
  price: 'Prices',
  charge: 'Charges',
  promotion_code: 'Promotion Codes',
};

const nameOf = ({ workspace, livemode, scope }: Pick<Reached, 'workspace' | 'livemode' | 'scope'>): string =>
  `${workspace}\n${livemode}\n${scope}`;

/** One pace for each key, shared by everything in this process that uses it. */
function pacedAccess(base: string | null): (apiKey: string) => Access {
  const known = new Map<string, Access>();
  return (apiKey) => {
    const access = known.get(apiKey) ?? { apiKey, base, pace: createPace(MOST_PER_SECOND) };
    known.set(apiKey, access);
    return access;
  };
}

async function readAccounts(
  { vault, log }: ReachParts,
  accessOf: (apiKey: string) => Access,
  problems: Set<string>,
): Promise<Map<string, Reached>> {
  const found = new Map<string, Reached>();
  for (const { workspace, account, livemode, scope, key, problem } of await vault.apiKeys()) {
    const about = `${workspace} ${account} ${problem}`;
    if (problem !== null && !problems.has(about)) {
      problems.add(about);
      log.error({ workspace, account, reason: problem }, 'a stored API key cannot be opened');
    }
    const name = nameOf({ workspace, livemode, scope });
    // The environment's comes first, and counts.
    if (key !== null && !found.has(name))
      found.set(name, { workspace, livemode, scope, account, access: accessOf(key) });
  }
  return found;
}

function respondentOf(known: Map<string, Respondent>, stripe: Provider | undefined, access: Access): Respondent | null {
  if (!stripe?.asker) return null;
  const respondent = known.get(access.apiKey) ?? { asker: stripe.asker(access), translator: stripe };
  known.set(access.apiKey, respondent);
  return respondent;
}

function sourceOf(stripe: Provider | undefined, { access, ...reached }: Reached): Source | null {
  return stripe?.lister ? { ...reached, lister: stripe.lister(access), translator: stripe } : null;
}
