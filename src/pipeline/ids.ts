/** Time-ordered public ids (TypeID: prefix and UUIDv7), made by the application so that nothing waits for the database. */
import { typeidUnboxed } from 'typeid-js';

export function newId(prefix: string): string {
  return typeidUnboxed(prefix);
}
