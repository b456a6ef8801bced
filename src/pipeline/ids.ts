/** Time-ordered public ids (TypeID: prefix and UUIDv7), made by the application so that nothing waits for the database. */
import { createHash } from 'node:crypto';
import { fromUUID, typeidUnboxed } from 'typeid-js';

export function newId(prefix: string): string {
  return typeidUnboxed(prefix);
}

/** The id of what this text names: the same text has the same id, in the same shape as others. */
export function idOf(prefix: string, text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  // Version 8 of RFC 9562: a UUID whose bits are its maker's own.
  return fromUUID(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
    prefix,
  );
}
