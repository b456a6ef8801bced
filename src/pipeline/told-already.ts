/** Whether anything has told what an object says: a webhook shows the same money under another event. */
import { readPayment } from '../core/codec.ts';
import type { Fact } from '../core/facts.ts';
import type { PaymentState } from '../core/state.ts';
import { statesBehind } from '../store/questions.ts';
import type { Tx } from '../store/tx.ts';

/** For each list of facts, whether all of its money is known; what is about no money is never missing. */
export async function toldAlready(
  tx: Tx,
  workspace: string,
  livemode: boolean,
  said: readonly (readonly Fact[])[],
): Promise<boolean[]> {
  const keys = [...new Set(said.flat().flatMap((fact) => ('keys' in fact ? fact.keys : [])))];
  const states = new Map<string, PaymentState>();
  const texts = keys.length === 0 ? [] : await statesBehind(tx, workspace, livemode, keys);
  for (const { key, state } of texts) states.set(key, readPayment(state));
  return said.map((facts) => facts.every((fact) => isTold(fact, states)));
}

function isTold(fact: Fact, states: ReadonlyMap<string, PaymentState>): boolean {
  const behind = 'keys' in fact ? fact.keys.flatMap((key) => states.get(key) ?? []) : [];
  const any = (has: (state: PaymentState) => boolean): boolean => behind.some(has);
  if (fact.kind === 'refund') return any(({ refunds }) => refunds[fact.refund.key] !== undefined);
  if (fact.kind === 'dispute') return any(({ disputes }) => disputes[fact.dispute.key] !== undefined);
  if (fact.kind === 'note') return any(({ notes }) => notes[fact.note.key] !== undefined);
  if (fact.kind !== 'payment' || fact.claim === null) return true;
  const { claim } = fact;
  // Cash that an invoice or an intent has told of needs no charge to be known.
  return any(({ claims }) => claims[claim.key] !== undefined || (claim.kind !== 'bill' && hasPaid(claims)));
}

function hasPaid(claims: PaymentState['claims']): boolean {
  return Object.values(claims).some(({ status }) => status === 'paid');
}
