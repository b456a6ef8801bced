import { readBody } from '../core/body.ts';
import type { EventRef, Translation } from '../core/facts.ts';
import { scopeFacts } from '../core/scope.ts';

/** The part of a source that a stored event needs: how it is put into facts, and whose it is. */
export type Translator = {
  readonly name: string;
  translate(ref: EventRef, payload: unknown): Translation;
  /** The connected account it speaks of; null, or no such question: the workspace's own. */
  accountOf?(payload: unknown): string | null;
  /** Whether an event of this type ends the connection of the account it names. */
  disconnects?(type: string): boolean;
};
export type Translators = ReadonlyMap<string, Translator>;

/** A stored body with the translator of its source; a body that is gone cannot be decided again, and says so. */
export function openStored(
  translators: Translators,
  source: string,
  body: string | null,
): { readonly translator: Translator; readonly payload: unknown } {
  const translator = translators.get(source);
  if (!translator) throw new Error(`nothing here translates events of "${source}"`);
  if (body === null) throw new Error('the stored body is gone (retention), so it cannot be translated again');
  return { translator, payload: readBody(body) };
}

/** What an event says, with its keys in the scope of its account: the one place where a payload becomes facts. */
export function translateIn(translator: Translator, ref: EventRef, scope: string, payload: unknown): Translation {
  const said = translator.translate(ref, payload);
  return 'facts' in said ? { facts: scopeFacts(said.facts, scope) } : said;
}

/** Translates a stored body. */
export function translateStored(
  translators: Translators,
  ref: EventRef,
  scope: string,
  body: string | null,
): Translation {
  const { translator, payload } = openStored(translators, ref.source, body);
  return translateIn(translator, ref, scope, payload);
}
