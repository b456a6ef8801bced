import type { EventRef, Translation } from '../core/facts.ts';

/** The part of a source that a stored event needs: how it is put into facts. */
export type Translator = { readonly name: string; translate(ref: EventRef, payload: unknown): Translation };
export type Translators = ReadonlyMap<string, Translator>;

/** Translates a stored body; a body that is gone cannot be decided again, and says so. */
export function translateStored(translators: Translators, ref: EventRef, body: string | null): Translation {
  const translator = translators.get(ref.source);
  if (!translator) throw new Error(`nothing here translates events of "${ref.source}"`);
  if (body === null) throw new Error('the stored body is gone (retention), so it cannot be translated again');
  return translator.translate(ref, JSON.parse(body));
}
