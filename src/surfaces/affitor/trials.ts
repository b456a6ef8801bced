/** `additional_data.test_mode`: kept as an event of a test, and nothing comes of it (apis.md 4.2). */
import { z } from 'zod';
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { TrialKind } from '../../core/trials.ts';
import type { Reply } from '../surface.ts';
import { atProgram, unknownProgram } from './homes.ts';
import type { AdditionalData } from './inputs.ts';
import { done, success } from './replies.ts';

type Tested = {
  readonly program_id?: string | null;
  readonly additional_data: AdditionalData;
} & Readonly<Record<string, unknown>>;

export const trialMessage = (kind: TrialKind): string => `Test ${kind} event tracked successfully`;

export function trialAnswer(kind: TrialKind): z.ZodType {
  return z.object({
    success,
    message: z.literal(trialMessage(kind)),
    data: z.object({ eventId: z.int(), programId: z.int().nullable(), test_mode: z.literal(true) }),
  });
}

/** The program is the one that is named, else the default one of whoever calls. */
export async function told(
  kind: TrialKind,
  { program_id = null, additional_data, ...details }: Tested,
  caller: Caller,
  desk: Desk,
): Promise<Reply | Refusal> {
  const named = additional_data.program_id ?? program_id;
  const at = await atProgram(caller, named, desk);
  if (isRefusal(at)) return at;
  const program = await desk.program(at, named);
  if (isRefusal(program)) return unknownProgram();
  const kept = await desk.tellTrial(at, { programId: program.id, kind, details });
  if (isRefusal(kept)) return kept;
  const data = { eventId: kept.number, programId: program.number, test_mode: true };
  return done({ message: trialMessage(kind), data });
}
