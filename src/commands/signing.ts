/** `signing …`: whether requests of a workspace's callers must be signed. The secret is printed once, where it is made. */
import type { Config } from '../config.ts';
import type { Caller } from '../core/desk.ts';
import { isRefusal, type Refusal } from '../core/refusals.ts';
import type { SigningDesk } from '../core/signing-desk.ts';
import { toIso } from '../core/time.ts';
import { signingDesk } from '../pipeline/desk/signing.ts';
import { answer, callerIn, fail, opened, workspaceOf, type Options } from './opened.ts';
import { readSecret } from './secret-input.ts';

type Work = (desk: SigningDesk, caller: Caller, options: Options) => Promise<string | Refusal>;

const VERBS: Readonly<Record<string, Work>> = {
  async on(desk, caller, options) {
    const brings = options['secretStdin'] === true || options['secretEnv'] !== undefined;
    const made = await desk.startSigning(caller, brings ? await readSecret(options) : null);
    if (isRefusal(made)) return made;
    return made.secret ?? `Requests must be signed with ${made.view.shown} within seconds.`;
  },
  async off(desk, caller) {
    const gone = await desk.stopSigning(caller);
    return isRefusal(gone) ? gone : 'Requests need no signature any more, in every process within seconds.';
  },
  async show(desk, caller) {
    const view = await desk.signing(caller);
    return view === null
      ? 'Requests need no signature.'
      : `Requests must be signed with ${view.shown}, since ${toIso(view.createdAt)}.`;
  },
};

export async function signing(config: Config, [verb = '']: readonly string[], options: Options): Promise<number> {
  const work = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!work) return fail('Say: tributary signing on | off | show, with --workspace <name>; --help says more.');
  return opened(config, 1, async (parts) => {
    const caller = callerIn(await workspaceOf(parts, options));
    return answer(await work(signingDesk(parts.work), caller, options));
  });
}
