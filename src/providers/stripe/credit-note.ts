/** Credit notes: which part of an invoice was taken back, and by which way the money went (stripe.md 1.9). */
import type { EventRef, Note, Translation } from '../../core/facts.ts';
import { idOf, key, moneyKeys, refundKey } from './identity.ts';
import { read, stampOf } from './read.ts';
import { CreditNote, type CreditNoteLineObject, type CreditNoteObject } from './schema-losses.ts';

/**
 * What left after the invoice was paid, in minor units. Before 2025-05-28 the note only says when it was made: before
 * the payment it lowered what was asked for, and nothing went back (trap 27).
 */
function postPaymentOf(note: CreditNoteObject): bigint {
  if (note.post_payment_amount != null) return BigInt(note.post_payment_amount);
  return note.type === 'pre_payment' ? 0n : BigInt(note.total ?? note.amount);
}

type Ways = Pick<Note, 'refunds' | 'outside' | 'balance'>;

/** Refunds, out of band and credit to the balance add up to what left after the payment (stripe.md 1.9, sum rule). */
function waysOf(note: CreditNoteObject): Ways {
  const all = postPaymentOf(note);
  const told = note.refunds ?? [];
  const stated = BigInt(note.out_of_band_amount ?? 0);
  const recorded = told.reduce((sum, one) => (idOf(one.refund) === null ? sum + BigInt(one.amount_refunded) : sum), 0n);
  const outside = stated > recorded ? stated : recorded;
  const own = told.flatMap((one) => {
    const id = idOf(one.refund);
    return id === null ? [] : [{ key: key(id), amount: BigInt(one.amount_refunded) }];
  });
  const old = idOf(note.refund);
  const toBalance = idOf(note.customer_balance_transaction) !== null;
  if (own.length === 0 && old !== null && !toBalance)
    return { refunds: [{ key: key(old), amount: all - outside }], outside, balance: 0n };
  const refunded = own.reduce((sum, { amount }) => sum + amount, 0n);
  const rest = all - outside - refunded;
  // An old note with a refund and a credit does not say how much is which: the refund's own object will.
  const refunds = own.length > 0 || old === null ? own : [{ key: key(old), amount: 0n }];
  return { refunds, outside, balance: toBalance && rest > 0n ? rest : 0n };
}

/** With exclusive tax, so that lines of different tax rates share a refund rightly; and without any. */
function amountsOf(line: CreditNoteLineObject): Pick<Note['lines'][number], 'amount' | 'net'> {
  const own = BigInt(line.amount) - BigInt(line.discount_amount ?? 0);
  let [exclusive, inclusive] = [0n, 0n];
  for (const { amount, tax_behavior: behavior, inclusive: inside } of line.taxes ?? line.tax_amounts ?? []) {
    if (behavior ? behavior === 'inclusive' : inside === true) inclusive += BigInt(amount);
    else exclusive += BigInt(amount);
  }
  return { amount: own + exclusive, net: own - inclusive };
}

/** Lines of the invoice it takes back; custom lines, shipping and what is cut off belong to none in particular (trap 64). */
function linesOf(note: CreditNoteObject): Note['lines'] {
  const lines = (note.lines?.data ?? []).map((line) => ({
    line: idOf(line.invoice_line_item),
    ...amountsOf(line),
  }));
  const rest = BigInt(note.total ?? note.amount) - lines.reduce((sum, { amount }) => sum + amount, 0n);
  return rest > 0n ? [...lines, { line: null, amount: rest, net: rest }] : lines;
}

/** `credit_note.created|updated|voided`. */
export function translateCreditNote(object: unknown, ref: EventRef): Translation {
  const note = read(CreditNote, object, ref);
  const status = note.status === 'void' || ref.type === 'credit_note.voided' ? 'void' : 'issued';
  const stamp = stampOf(ref, status === 'void' ? 10 : 0);
  const ways = waysOf(note);
  return {
    facts: [
      {
        kind: 'note',
        // A refund is of one payment: whose note names it, and whose charge it is of, are the same money.
        keys: [...moneyKeys(['invoice', note.invoice]), ...ways.refunds.map((one) => refundKey(one.key))],
        note: {
          key: key(note.id),
          stamp,
          status,
          currency: note.currency.toLowerCase(),
          ...ways,
          lines: linesOf(note),
          at: note.created * 1000,
          proof: stamp,
          source: 'stripe',
        },
      },
    ],
  };
}
