/**
 * Scope: Stripe's ids are unique per account, so the keys of a workspace's further accounts carry the account they are
 * of, and equal ids of two accounts never meet (cases.md 22). The primary account's scope is '' and its keys are bare.
 * People are shared: an e-mail or an app user id is the same person whichever account they pay through.
 */
import type {
  Claim,
  CustomerFact,
  Dispute,
  DisputeFact,
  Fact,
  Note,
  NoteFact,
  OptOut,
  PaymentFact,
  PriceFact,
  PromotionFact,
  Refund,
  RefundFact,
  RulingFact,
  Touch,
  Warning,
  WarningFact,
} from './facts.ts';
import { isCouponToken } from './keys.ts';

/** The provider whose ids are per account; what other sources say has no scope. */
const SOURCE = 'stripe';

type Change<T> = (value: T, source: string) => T;

/** Every field of a record has to say what becomes of it: a new one does not compile before somebody has thought of it. */
type Changes<T> = { readonly [Field in keyof T]-?: Change<Exclude<T[Field], undefined>> };

function same<T>(value: T): T {
  return value;
}

/** `stripe:invoice:in_1` → `stripe@acct_2:invoice:in_1`; nodes that are shared stay. */
function key(value: string, source: string): string {
  return value.startsWith(`${SOURCE}:`) ? `${source}${value.slice(SOURCE.length)}` : value;
}

function name(value: string, source: string): string {
  return value === SOURCE ? source : value;
}

function maybe<T>(change: Change<T>): Change<T | null> {
  return (value, source) => (value === null ? null : change(value, source));
}

function each<T>(change: Change<T>): Change<readonly T[]> {
  return (values, source) => values.map((value) => change(value, source));
}

function record<T extends object>(changes: Changes<T>): Change<T> {
  const fields = Object.keys(changes) as (keyof T)[];
  return (value, source) => {
    const changed: T = { ...value };
    for (const field of fields) {
      // A field that is left out stays left out.
      const change = changes[field] as Change<T[keyof T]>;
      if (value[field] !== undefined) changed[field] = change(value[field], source);
    }
    return changed;
  };
}

/** A token is a referral or click id of ours, whoever carries it, or the key of a coupon of the account. */
const touch = record<Touch>({
  token: (token, source) => (isCouponToken(token) ? key(token, source) : token),
  rank: same,
  at: same,
  subscription: maybe(key),
});

const claim = record<Claim>({
  kind: same,
  key,
  stamp: same,
  status: same,
  currency: same,
  total: same,
  paid: same,
  net: same,
  refunded: same,
  paidAt: same,
  proof: same,
  detail: same,
  linesStamp: same,
  // Lines name prices and products as incentives do, by their bare ids.
  lines: same,
  linesIncomplete: same,
  flags: same,
  standalone: same,
  party: maybe(key),
  subscription: maybe(key),
  trial: same,
  commissionStatus: same,
  saleStatus: same,
  outOfBand: same,
  platformFee: same,
  fromBalance: same,
  optOut: same,
  source: name,
  externalId: same,
});

const refund = record<Refund>({
  key,
  stamp: same,
  amount: same,
  currency: same,
  status: same,
  at: same,
  charge: maybe(key),
  proof: same,
  source: name,
  externalId: same,
  total: same,
  beside: same,
  named: same,
  failedAt: same,
});

const dispute = record<Dispute>({
  key,
  stamp: same,
  amount: same,
  currency: same,
  status: same,
  reason: same,
  at: same,
  charge: maybe(key),
  proof: same,
  source: name,
});

const warning = record<Warning>({ key, stamp: same, at: same, charge: maybe(key), proof: same });

const note = record<Note>({
  key,
  stamp: same,
  status: same,
  currency: same,
  refunds: each(record<Note['refunds'][number]>({ key, amount: same })),
  outside: same,
  balance: same,
  // Named as the bill names its lines: bare.
  lines: same,
  at: same,
  proof: same,
  source: name,
});

const optOut = record<OptOut>({ of: key, carrier: same, at: same, on: same, event: same });

const FACTS: { readonly [Kind in Fact['kind']]: Change<Extract<Fact, { kind: Kind }>> } = {
  payment: record<PaymentFact>({
    kind: same,
    keys: each(key),
    claim: maybe(claim),
    touches: each(touch),
    optOut: same,
    outside: record<NonNullable<PaymentFact['outside']>>({ key, amount: same }),
  }),
  refund: record<RefundFact>({ kind: same, keys: each(key), refund }),
  dispute: record<DisputeFact>({ kind: same, keys: each(key), dispute }),
  warning: record<WarningFact>({ kind: same, keys: each(key), warning }),
  note: record<NoteFact>({ kind: same, keys: each(key), note }),
  ruling: record<RulingFact>({ kind: same, keys: each(key), ruling: same }),
  customer: record<CustomerFact>({
    kind: same,
    key,
    links: each(key),
    touches: each(touch),
    optOuts: each(optOut),
  }),
  price: record<PriceFact>({ kind: same, key, stamp: same, product: same, interval: same }),
  promotion: record<PromotionFact>({ kind: same, key, stamp: same, code: same, coupon: maybe(key) }),
};

/** `acct_2` → `stripe@acct_2`: the source part of a scoped key. An account id may hold any sign; a colon would end the part. */
function sourceOf(scope: string): string {
  return `${SOURCE}@${scope.replaceAll('%', '%25').replaceAll(':', '%3A')}`;
}

/** The facts with every key of the provider in this scope; of scope '' the very argument. */
export function scopeFacts(facts: readonly Fact[], scope: string): readonly Fact[] {
  if (scope === '') return facts;
  const source = sourceOf(scope);
  return facts.map((fact) => (FACTS[fact.kind] as Change<Fact>)(fact, source));
}

/** A bare key of the provider in a scope, as `scopeFacts` would have made it. */
export function scopedKey(bare: string, scope: string): string {
  return scope === '' ? bare : key(bare, sourceOf(scope));
}

/** The scope a key is in: `stripe@acct_2:invoice:in_1` → `acct_2`; '' for a bare key and for those of other sources. */
export function scopeOf(scoped: string): string {
  const source = scoped.slice(0, Math.max(scoped.indexOf(':'), 0));
  return source.startsWith(`${SOURCE}@`)
    ? source
        .slice(SOURCE.length + 1)
        .replaceAll('%3A', ':')
        .replaceAll('%25', '%')
    : '';
}

/** The key of an event in the inbox: `evt_1` of the primary account, `acct_2/evt_1` of any other. */
export function scopedEventId(id: string, scope: string): string {
  return scope === '' ? id : `${scope}/${id}`;
}

/** The source's own id of an event in the inbox; account ids hold no '/', and neither do the provider's event ids. */
export function bareEventId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
