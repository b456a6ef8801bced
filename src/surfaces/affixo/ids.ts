/** Ids as this dialect shows them, as UUIDs, and back. */
import { idBehind } from '../uuids.ts';

export { shownId, shownOrNull } from '../uuids.ts';

/** The id behind a UUID that a caller sends back; every other spelling of it is taken as it is. */
export const ownId = (prefix: 'aff' | 'prog', given: string): string => idBehind(prefix, given);
