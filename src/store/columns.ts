/**
 * How each table is written: its columns in order and the statement around their source. `insert` refuses a known key,
 * `upsert` replaces a row whose version is the one that was read, `add` adds to balances.
 */
import { CONVERSION, COMMISSION, PAYMENT } from './rows.ts';

type Column = { readonly name: string; readonly type: string };
export type TableWrite = {
  /** One or two letters that name the section in a statement's name (63 bytes at most). */
  readonly code: string;
  readonly columns: readonly Column[];
  /** false: the statement selects instead of returning what it wrote. */
  readonly returns?: false;
  sql(source: string): string;
};

/** `name type, name type` → columns. */
function columns(text: string): Column[] {
  return text.split(',').map((one) => {
    const [name = '', type = ''] = one.trim().split(' ');
    return { name, type };
  });
}

const list = (all: readonly Column[]): string => all.map(({ name }) => `"${name}"`).join(', ');

function insert(code: string, table: string, text: string): TableWrite {
  const all = columns(text);
  return { code, columns: all, sql: (source) => `INSERT INTO ${table} (${list(all)}) ${source}` };
}

function upsert(
  code: string,
  table: string,
  key: string,
  text: string,
  options: { keep?: string[]; when?: string },
): TableWrite {
  const all = columns(text);
  const keys = key.split(',').map((one) => one.trim());
  const fixed = [...keys, ...(options.keep ?? [])];
  const changed = all.filter(({ name }) => !fixed.includes(name)).map(({ name }) => `"${name}" = excluded."${name}"`);
  const when = options.when ? ` WHERE ${options.when}` : '';
  return {
    code,
    columns: all,
    sql: (source) =>
      `INSERT INTO ${table} (${list(all)}) ${source} ON CONFLICT (${key}) DO UPDATE SET ${changed.join(', ')}${when}`,
  };
}

/** A version is replaced only by its successor: otherwise the row is not written, and the count tells. */
const successor = (table: string): { when: string } => ({ when: `${table}.version = excluded.version - 1` });

const WORLD = 'workspace_id text, livemode boolean';
const EVENT = 'workspace_id text, source text, event_key text';
const AMOUNTS = 'review bigint, pending bigint, payable bigint, paid bigint';

function balancesMove(): TableWrite {
  const all = columns(`workspace_id text, affiliate_id text, currency text, livemode boolean, ${AMOUNTS}`);
  return {
    code: 'M',
    columns: all,
    sql: (source) => `UPDATE balances b SET review = b.review + s.review, pending = b.pending + s.pending,
      payable = b.payable + s.payable, paid = b.paid + s.paid
      FROM (SELECT * FROM (${source}) AS x(${list(all)})) s
      WHERE b.workspace_id = s.workspace_id AND b.affiliate_id = s.affiliate_id AND b.currency = s.currency
        AND b.livemode = s.livemode`,
  };
}

function balancesAdd(): TableWrite {
  const all = columns(`workspace_id text, affiliate_id text, currency text, livemode boolean, ${AMOUNTS}`);
  return {
    code: 'B',
    columns: all,
    sql: (source) => `INSERT INTO balances AS b (${list(all)}) ${source}
      ON CONFLICT (workspace_id, affiliate_id, currency, livemode) DO UPDATE SET review = b.review + excluded.review,
      pending = b.pending + excluded.pending, payable = b.payable + excluded.payable, paid = b.paid + excluded.paid`,
  };
}

function inboxFinish(): TableWrite {
  const all = columns(`${EVENT}, state text, reason text, subject text, attempts integer, run_at timestamptz`);
  return {
    code: 'F',
    columns: all,
    // Only a pending event is finished: when two workers took the same one, the second finds nothing and starts over.
    sql: (source) => `UPDATE inbox i SET state = s.state, reason = s.reason, subject = COALESCE(s.subject, i.subject),
      attempts = s.attempts, run_at = s.run_at, lease_until = NULL FROM (SELECT * FROM (${source}) AS x(${list(all)})) s
      WHERE i.workspace_id = s.workspace_id AND i.source = s.source AND i.event_key = s.event_key AND i.state = 'pending'`,
  };
}

function inboxUnpark(): TableWrite {
  const all = columns(`${EVENT}, state text, reason text`);
  return {
    code: 'U',
    columns: all,
    sql: (source) => `UPDATE inbox i SET state = s.state, reason = s.reason
      FROM (SELECT * FROM (${source}) AS x(${list(all)})) s
      WHERE i.workspace_id = s.workspace_id AND i.source = s.source AND i.event_key = s.event_key`,
  };
}

function referralsTouch(): TableWrite {
  const all = columns(
    `workspace_id text, referral_id text, version integer, status text, customer_id text, external_user_id text,
     subscription_id text, converted_at timestamptz`,
  );
  return {
    code: 'R',
    columns: all,
    sql: (source) => `UPDATE referrals r SET version = s.version, status = s.status, customer_id = s.customer_id,
      external_user_id = s.external_user_id, subscription_id = s.subscription_id, converted_at = s.converted_at
      FROM (SELECT * FROM (${source}) AS x(${list(all)})) s
      WHERE r.workspace_id = s.workspace_id AND r.referral_id = s.referral_id AND r.version = s.version - 1`,
  };
}

const QUESTION = 'workspace_id text, livemode boolean, scope text, kind text, id text';

/** A question that was asked before stays as it is; it is touched, so that every row given counts as written. */
function questionsOpen(): TableWrite {
  const all = columns(`${QUESTION}, state text, run_at timestamptz`);
  return {
    code: 'Q',
    columns: all,
    sql: (source) => `INSERT INTO questions AS q (${list(all)}) ${source}
      ON CONFLICT (workspace_id, livemode, scope, kind, id) DO UPDATE SET state = q.state`,
  };
}

/** What asking came to, in the posting of the answer itself. */
function questionsAsked(): TableWrite {
  const all = columns(
    `${QUESTION}, state text, run_at timestamptz, reason text, asked_at timestamptz, answered_at timestamptz`,
  );
  return {
    code: 'q',
    columns: all,
    sql: (
      source,
    ) => `UPDATE questions q SET state = s.state, run_at = s.run_at, reason = s.reason, asked_at = s.asked_at,
      answered_at = s.answered_at, lease_until = NULL FROM (SELECT * FROM (${source}) AS x(${list(all)})) s
      WHERE q.workspace_id = s.workspace_id AND q.livemode = s.livemode AND q.scope = s.scope AND q.kind = s.kind
        AND q.id = s.id`,
  };
}

/** The row stays for whoever kept its id; it says nothing any more. */
function voided(code: string, table: string, id: string, extra: string, set: string): TableWrite {
  const all = columns(`workspace_id text, ${id} text, ${extra}updated_at timestamptz`);
  return {
    code,
    columns: all,
    sql: (source) => `UPDATE ${table} t SET ${set}, updated_at = s.updated_at
      FROM (SELECT * FROM (${source}) AS x(${list(all)})) s WHERE t.workspace_id = s.workspace_id AND t.${id} = s.${id}`,
  };
}

/**
 * A referral that a decision rests on and does not change: its version must still be the one that was read. The share
 * lock makes a rejection wait, and a rejection that was first makes the count differ.
 */
function referralsSeen(): TableWrite {
  const all = columns('workspace_id text, referral_id text, version integer');
  return {
    code: 'S',
    columns: all,
    returns: false,
    sql: (source) => `SELECT 1 FROM referrals r, (SELECT * FROM (${source}) AS x(${list(all)})) s
      WHERE r.workspace_id = s.workspace_id AND r.referral_id = s.referral_id AND r.version = s.version FOR SHARE OF r`,
  };
}

/** What a call says of its customer; an e-mail or avatar that it does not mention stays as it is. */
function profilesTold(): TableWrite {
  const all = columns(
    `${WORLD}, external_id text, profile_id text, name text, email text, avatar text, keeps_email boolean,
     keeps_avatar boolean, at timestamptz`,
  );
  const kept = (name: string): string =>
    `${name} = CASE WHEN (SELECT keeps_${name} FROM s WHERE s.external_id = p.external_id) THEN p.${name} ELSE excluded.${name} END`;
  return {
    code: 'D',
    columns: all,
    sql: (source) => `WITH s AS (SELECT * FROM (${source}) AS x(${list(all)}))
      INSERT INTO profiles AS p (workspace_id, livemode, external_id, profile_id, name, email, avatar, created_at, updated_at)
      SELECT workspace_id, livemode, external_id, profile_id, name, email, avatar, at, at FROM s
      ON CONFLICT (workspace_id, livemode, external_id) DO UPDATE SET name = excluded.name, ${kept('email')},
        ${kept('avatar')}, updated_at = excluded.updated_at`,
  };
}

/** In the order in which a statement names them; each is written in the order of its rows. */
export const TABLES = {
  inbox: insert(
    'I',
    'inbox',
    `${EVENT}, type text, livemode boolean, state text, reason text, subject text, rules bigint, occurred_at timestamptz,
     received_at timestamptz, attempts integer, run_at timestamptz, scope text`,
  ),
  inbox_finish: inboxFinish(),
  inbox_unpark: inboxUnpark(),
  payloads: insert('L', 'payloads', `${EVENT}, body text`),
  payments: upsert('P', 'payments', 'workspace_id, payment_id', PAYMENT, {
    keep: ['livemode'],
    ...successor('payments'),
  }),
  payment_keys: insert('K', 'payment_keys', `${WORLD}, key text, payment_id text`),
  payment_keys_moved: upsert(
    'k',
    'payment_keys',
    'workspace_id, livemode, key',
    `${WORLD}, key text, payment_id text`,
    {},
  ),
  customers: upsert(
    'C',
    'customers',
    'workspace_id, livemode, customer_key',
    `${WORLD}, customer_key text, version integer, links text[], tokens text[], state json`,
    successor('customers'),
  ),
  prices: upsert(
    'p',
    'prices',
    'workspace_id, livemode, price_key',
    `${WORLD}, price_key text, version integer, state json`,
    successor('prices'),
  ),
  referrals_new: insert(
    'N',
    'referrals',
    `workspace_id text, referral_id text, affiliate_id text, program_id text, status text, customer_id text,
     external_user_id text, subscription_id text, metadata jsonb, created_at timestamptz, converted_at timestamptz`,
  ),
  referrals: referralsTouch(),
  referrals_seen: referralsSeen(),
  conversions: upsert('V', 'conversions', 'workspace_id, conversion_id', CONVERSION, {
    keep: ['livemode', 'kind', 'created_at'],
  }),
  conversions_void: voided(
    'v',
    'conversions',
    'conversion_id',
    'payment_id text, ',
    "status = 'void', payment_id = s.payment_id",
  ),
  commissions: upsert('O', 'commissions', 'workspace_id, commission_id', COMMISSION, {
    keep: ['livemode', 'created_at'],
  }),
  commissions_void: voided(
    'o',
    'commissions',
    'commission_id',
    'sold_at timestamptz, sale_status text, ',
    `status = 'declined', earned = 0, reversed = 0, sold_at = s.sold_at, sale_status = s.sale_status, payout_at = NULL,
      processed_at = NULL, payout_amount = NULL`,
  ),
  transfers: insert(
    'T',
    'transfers',
    `workspace_id text, transfer_id text, livemode boolean, commission_id text, affiliate_id text, debit text, credit text,
     amount bigint, currency text, reason text, at timestamptz`,
  ),
  balances_add: balancesAdd(),
  balances_move: balancesMove(),
  questions: questionsOpen(),
  questions_asked: questionsAsked(),
  profiles: profilesTold(),
  leads: insert(
    'E',
    'leads',
    `workspace_id text, lead_id text, livemode boolean, external_id text, click_id text, event_name text, metadata json,
     created_at timestamptz`,
  ),
} satisfies Record<string, TableWrite>;

export type TableName = keyof typeof TABLES;
