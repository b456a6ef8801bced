/** Signed requests: whether the workspace asks for them, and with which secret. It is in the answer that makes it and nowhere else. */
import { z } from 'zod';
import type { SigningView } from '../../core/signing-desk.ts';
import { isRefusal } from '../../core/refusals.ts';
import { toIso } from '../../core/time.ts';
import { deleted, done, optionalText, route } from '../../surfaces/index.ts';
import type { Route } from '../../surfaces/surface.ts';

const PATH = '/v1/request_signing';

const signingAnswer = {
  enabled: z.boolean().describe('Conversions, refunds, events and sources must be signed.'),
  shown: z.string().nullable().describe('Prefix and last four characters of the secret.'),
  created_at: z.iso.datetime().nullable(),
};

const answerOf = (fields: z.ZodRawShape): z.ZodType => z.object({ success: z.literal(true), data: z.object(fields) });

function signingShape(view: SigningView | null): Record<string, unknown> {
  return {
    enabled: view !== null,
    shown: view?.shown ?? null,
    created_at: view === null ? null : toIso(view.createdAt),
  };
}

const show = route({
  method: 'GET',
  path: PATH,
  summary: 'Whether requests must be signed.',
  answers: { 200: answerOf(signingAnswer) },
  scope: 'read:settings',
  run: async ({ caller }, desk) => done(signingShape(await desk.signing(caller))),
});

const start = z.object({
  secret: optionalText(255).describe(
    'One that your callers have already: 16 to 255 visible characters. Default: a new one.',
  ),
});

/** The secret before stops working at once; callers sign with this one from now on. */
const enable = route<z.infer<typeof start>>({
  method: 'POST',
  path: PATH,
  summary: 'Asks for signed requests from now on, with a new secret.',
  answers: { 201: answerOf({ ...signingAnswer, secret: z.string().optional().describe('Shown this once.') }) },
  scope: 'write:settings',
  body: start,
  async run({ caller, body }, desk) {
    const made = await desk.startSigning(caller, body.secret);
    if (isRefusal(made)) return made;
    const { view, secret } = made;
    return done({ ...signingShape(view), ...(secret === null ? {} : { secret }) }, 201);
  },
});

const disable = route({
  method: 'DELETE',
  path: PATH,
  summary: 'Asks for no signatures any more.',
  answers: { 200: z.object({ success: z.literal(true), message: z.string() }) },
  scope: 'write:settings',
  async run({ caller }, desk) {
    const gone = await desk.stopSigning(caller);
    return isRefusal(gone) ? gone : deleted('Requests need no signature any more, in every process within seconds.');
  },
});

export const signingRoutes: readonly Route[] = [show, enable, disable];
