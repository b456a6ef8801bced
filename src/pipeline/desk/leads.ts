/**
 * Who is known as whom: journal entries that bind an e-mail, an app user id or a billing customer to a referral. They
 * are stored together with the referral and decided at once, in both worlds, because referrals serve both.
 */
import type { ReferralView } from '../../core/views.ts';
import type { LeadEntry } from '../../core/requests.ts';
import { isDatabaseAway } from '../../store/database.ts';
import type { Journal } from '../../store/leads.ts';
import { runBatch, type Item } from '../batch.ts';
import type { Clockwork } from '../clockwork.ts';
import { entryKey, itemOfEntry } from '../journal.ts';

/** Names of the buyer, as far as they are given. */
export type Identity = Partial<Pick<ReferralView, 'email' | 'customerId' | 'externalUserId'>>;

export type Lead = { readonly journal: Journal; readonly items: readonly Item[] };

/** A worker leaves the entries alone for so long: whoever stored them decides them right away. */
const OWN_SECONDS = 10;

const WORLDS = [true, false];

/** The entries of one binding; none when nothing names the buyer. `body` is the request as it came. */
export function leadOf(work: Clockwork, referralId: string, identity: Identity, body: string): Lead {
  const at = work.now();
  const entry: LeadEntry = {
    kind: 'lead',
    referralId,
    email: identity.email ?? null,
    externalUserId: identity.externalUserId ?? null,
    customerId: identity.customerId ?? null,
    body,
  };
  const named = entry.email !== null || entry.externalUserId !== null || entry.customerId !== null;
  const name = `${referralId}:${work.newId('op')}`;
  const items = (named ? WORLDS : []).map((livemode) =>
    itemOfEntry({ source: 'operator', id: entryKey('lead', livemode, name), livemode, at, received: at }, entry),
  );
  const entries = items.map(({ ref, body: kept }) => ({
    id: ref.id,
    livemode: ref.livemode,
    body: kept ?? '',
  }));
  return { journal: { at, runAt: at + OWN_SECONDS * 1000, entries }, items };
}

/** Decides stored entries now, so that payments that waited are credited when the caller hears back. */
export async function takeUp(work: Clockwork, workspace: string, { items }: Lead): Promise<void> {
  for (const item of items) {
    const { livemode, source } = item.ref;
    try {
      await runBatch(work, {
        workspace,
        livemode,
        source,
        items: [{ ...item, body: null, stored: true }],
      });
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      // It is stored: a worker tries again, and what fails for good is listed.
      work.log.warn({ event: item.ref.id, reason: String(error) }, 'a referral is stored, but not decided yet');
    }
  }
}
