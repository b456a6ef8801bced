/** Disputes, fraud warnings and credit notes of a payment in words. */
import type { Sale } from './collect.ts';
import type { Counted } from './counted.ts';
import type { DisputeStatus } from './losses.ts';
import { toMajor } from './money.ts';
import type { Settings } from './rules.ts';
import { compareText } from './stamp.ts';
import type { PaymentState } from './state.ts';
import { DAY_MS, toIso } from './time.ts';

const DISPUTED: Readonly<Record<DisputeStatus, string>> = {
  inquiry: 'an inquiry, no money moved',
  open: 'open: its share is held',
  dropped: 'an inquiry that came to nothing',
  won: 'won: the money stays',
  lost: 'lost: its share was taken back',
};

const money = (amount: bigint, currency: string): string => `${toMajor(amount, currency)} ${currency.toUpperCase()}`;

const idOf = (key: string): string => key.split(':').at(-1) ?? key;

/** What was told to have gone back exceeds what there was: counted up to it, and said (cases.md 90). */
export function excessInWords(
  counted: readonly Counted[],
  { cash, currency }: Pick<Sale, 'cash' | 'currency'>,
): string[] {
  const told = counted.reduce((sum, { effect, amount }) => (effect === 'gone' ? sum + amount : sum), 0n);
  if (told <= cash) return [];
  return [
    `Refunds and disputes of ${money(told, currency)} are more than was paid: only ${money(cash, currency)} of them count`,
  ];
}

/** Money that callers told of as well, under ids of their own. */
export function sameInWords(counted: readonly Counted[]): string[] {
  return counted.flatMap(({ key, alsoToldAs = [] }) =>
    alsoToldAs.map((id) => `The refund told as ${id} is the same money as ${idOf(key)}: it counts once`),
  );
}

/** `product_not_received` → ` (product not received)`. */
const why = (reason: string | null): string => (reason === null ? '' : ` (${reason.replaceAll('_', ' ')})`);

/** A sentence each, without its full stop, by id. */
export function lossesInWords({ disputes, warnings, notes }: PaymentState, { warningDays }: Settings): string[] {
  const told = [
    ...Object.values(disputes).map(
      ({ key, amount, currency, status, reason }) =>
        `Dispute ${idOf(key)} of ${money(amount, currency)} is ${DISPUTED[status]}${why(reason)}`,
    ),
    ...Object.values(warnings).map(
      ({ key, at }) =>
        `Fraud warning ${idOf(key)} holds it for review until ${toIso(at + warningDays * DAY_MS)}, unless a person decides before`,
    ),
    ...Object.values(notes).flatMap(({ key, balance, currency, status }) =>
      balance > 0n && status === 'issued'
        ? [`Credit note ${idOf(key)} put ${money(balance, currency)} on the balance of the buyer: no cash moved`]
        : [],
    ),
  ];
  return told.toSorted(compareText);
}
