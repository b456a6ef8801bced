/**
 * The journal's own words: what came by API, whatever the dialect, and what an operator decided. One translator each,
 * all of them the same; the entry says everything (core/requests.ts).
 */
import { factsOfEntry, readEntry, writeEntry, type Entry } from '../core/requests.ts';
import { scopeFacts, scopeOf } from '../core/scope.ts';
import type { EventRef, Fact } from '../core/facts.ts';
import type { Moment } from '../core/time.ts';
import type { Item } from './batch.ts';
import type { Translator } from './translate.ts';

export { entryKey } from '../core/keys.ts';

const SOURCES = ['affonso', 'affixo', 'hoko', 'affitor', 'operator'] as const;

export const journalTranslators: readonly Translator[] = SOURCES.map((name) => ({
  name,
  translate: (ref, payload) => ({ facts: factsIn(ref, readEntry(payload)) }),
}));

/** What a call says of a payment of a further account is in that account's scope: the payment it names says which. */
function factsIn(ref: EventRef, entry: Entry): readonly Fact[] {
  return scopeFacts(factsOfEntry(ref, entry), scopeOf(namedBy(entry)));
}

function namedBy(entry: Entry): string {
  if (entry.kind === 'sale') return entry.alias ?? '';
  return entry.kind === 'refund' ? entry.payment : '';
}

export type EntryRef = {
  readonly source: string;
  readonly id: string;
  readonly livemode: boolean;
  /** When it happened, as the caller says. */
  readonly at: Moment;
  readonly received: Moment;
};

/** An entry as a batch takes it: new, with its facts and the body that is kept. */
export function itemOfEntry(ref: EntryRef, entry: Entry): Item {
  const event: EventRef = { ...ref, type: `${ref.source}.${entry.kind}`, rules: 0 };
  return {
    ref: { ...event, rules: null },
    facts: factsIn(event, entry),
    ignored: null,
    body: writeEntry(entry),
    attempts: 0,
    stored: false,
  };
}
