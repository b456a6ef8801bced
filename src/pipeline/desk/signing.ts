/** Signed requests at the desk: asked for, or not. What looks wrong is refused in words that never repeat it. */
import type { Caller } from '../../core/desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import type { SigningDesk } from '../../core/signing-desk.ts';
import { deleteRequestSecret, findRequestSecret, putRequestSecret } from '../../store/request-secrets.ts';
import { NO_SEAL_KEY } from '../../store/seal.ts';
import { shownOf } from '../../store/stripe-secrets.ts';
import type { Clockwork } from '../clockwork.ts';
import { newKeyText } from '../key-text.ts';

export function signingDesk(work: Clockwork): SigningDesk {
  const { of } = work.database;
  return {
    async signing({ workspace }) {
      const found = await findRequestSecret(of(workspace), workspace);
      return found && { shown: found.shown, createdAt: found.createdAt };
    },
    startSigning: (caller, secret) => start(work, caller, secret),
    async stopSigning(caller) {
      if (!caller.livemode) return ofBothWorlds();
      const gone = await deleteRequestSecret(of(caller.workspace), caller.workspace);
      work.vault.forget(caller.workspace);
      return gone ? { deleted: true } : refuse('not_found', 'Requests need no signature as it is.');
    },
  };
}

const SECRET = /^[!-~]{16,255}$/;

async function start(
  work: Clockwork,
  { workspace, livemode }: Caller,
  brought: string | null,
): ReturnType<SigningDesk['startSigning']> {
  if (!livemode) return ofBothWorlds();
  if (work.vault.seal.keyId === null) return refuse('invalid_input', NO_SEAL_KEY);
  if (brought !== null && !SECRET.test(brought)) {
    const message = 'must be 16 to 255 visible characters without spaces';
    return refuse('invalid_input', `secret ${message}`, { field: 'secret', details: [{ field: 'secret', message }] });
  }
  const secret = brought ?? newKeyText('whsec_');
  const view = { shown: shownOf(secret), createdAt: work.now() };
  await putRequestSecret(work.database.of(workspace), work.vault.seal, workspace, { ...view, secret });
  work.vault.forget(workspace);
  return { view, secret: brought === null ? secret : null };
}

/** Both worlds take signed requests or neither, so a key that may only touch the test world must not change it. */
function ofBothWorlds(): Refusal {
  return refuse('missing_scope', 'Signing serves the live world too: change it with a live key (sk_live_…).');
}
