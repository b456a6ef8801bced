/** Ids as UUIDs, for dialects that show them so, and back. An id that was not made by us is shown as it is. */
import { fromUUID, TypeID } from 'typeid-js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const OURS = /^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export function shownId(id: string): string {
  return OURS.test(id) ? TypeID.fromString(id).toUUID() : id;
}

export const shownOrNull = (id: string | null): string | null => (id === null ? null : shownId(id));

/** The id behind a UUID that a caller sends back; every other spelling of it is taken as it is. */
export function idBehind(prefix: string, given: string): string {
  return UUID.test(given) ? fromUUID(given.toLowerCase(), prefix) : given;
}
