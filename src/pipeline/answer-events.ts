/** Answers as events: what an API says is stored and translated as what a webhook says is. */
import { createHash } from 'node:crypto';
import type { Found } from '../core/answers.ts';
import { readBody } from '../core/body.ts';
import { scopedEventId } from '../core/scope.ts';
import type { Item } from './batch.ts';
import { translateIn, type Translator } from './translate.ts';

/** An event on its way into the inbox. Moments in milliseconds UTC. */
export type NewEvent = {
  readonly ref: {
    /** With the scope of its account. */
    readonly id: string;
    readonly type: string;
    readonly at: number;
    readonly livemode: boolean;
    readonly received: number;
  };
  readonly body: string;
  /** What is translated now is what a replay will read. */
  readonly payload: unknown;
};

/** The answer as an event: equal objects are one event, however often they are asked for. */
export function answerEvent(
  { id: about, livemode, scope }: { readonly id: string; readonly livemode: boolean; readonly scope: string },
  { type, object }: Found,
  askedAt: number,
): NewEvent {
  const digest = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16);
  const id = `answer:${about}:${digest}`;
  const created = Math.floor(askedAt / 1000);
  const body = JSON.stringify({ object: 'event', id, type, created, livemode, data: { object } });
  const ref = { id: scopedEventId(id, scope), type, at: created * 1000, livemode, received: askedAt };
  return { ref, body, payload: readBody(body) };
}

/** The event with what it says. Throws when its translator cannot read it. */
export function itemOf(translator: Translator, scope: string, { ref, body, payload }: NewEvent): Item {
  const event = { ...ref, source: translator.name, rules: null };
  const base = { ref: event, scope, body, attempts: 0, stored: false };
  const said = translateIn(translator, { ...event, rules: 0 }, scope, payload);
  return 'facts' in said
    ? { ...base, facts: said.facts, ignored: null }
    : { ...base, facts: [], ignored: said.ignored };
}
