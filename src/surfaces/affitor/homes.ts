/** Whose program a call is about: a key says it, without one the call itself does. */
import type { Caller, Desk } from '../../core/desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import type { AdditionalData } from './inputs.ts';
import { wrong } from './replies.ts';

const CLICK_ID = /^cust_(\d{1,15})_\d+$/;

/** The number of the program that a click id was made for; null: it does not say. */
export function numberIn(clickId: string | null): string | null {
  return clickId === null ? null : (CLICK_ID.exec(clickId)?.[1] ?? null);
}

export const unknownProgram = (): Refusal => wrong('Program not found. Provide a valid program_id.');

type Named = { readonly program_id: string | null; readonly additional_data: AdditionalData };

/** Beside the body's own field, which the browser's tracker sends. */
export function programNamed({ program_id, additional_data }: Named): string | null {
  return additional_data.program_id ?? program_id;
}

/** The caller in the workspace of a program; null: of none, where the caller is. */
export async function atProgram(caller: Caller, program: string | null, desk: Desk): Promise<Caller | Refusal> {
  if (program === null) return caller;
  const there = await desk.atProgram(caller, program);
  return isRefusal(there) ? unknownProgram() : there;
}
