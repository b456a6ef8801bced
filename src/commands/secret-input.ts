/** A secret for a command: from standard input or from a variable of the environment, never from an argument. */
import { text as textOf } from 'node:stream/consumers';
import { fromIso } from '../core/time.ts';

/** What can be said to the person at the command line, without a stack. */
export class InputError extends Error {}

const HOW =
  'Give the secret with --secret-stdin (… | tributary …) or --secret-env NAME; never as an argument, where shells and process lists keep it.';

/** The secret without surrounding space. Throws an `InputError` when it is not given, or given twice. */
export async function readSecret(options: Readonly<Record<string, unknown>>): Promise<string> {
  const { secretStdin, secretEnv } = options;
  if ((secretStdin === true) === (typeof secretEnv === 'string')) throw new InputError(HOW);
  if (typeof secretEnv === 'string') {
    const value = process.env[secretEnv]?.trim() ?? '';
    if (value === '') throw new InputError(`The variable ${secretEnv} is not set.`);
    return value;
  }
  if (process.stdin.isTTY) console.error('Paste the secret, then press Enter and Ctrl-D:');
  const value = (await textOf(process.stdin)).trim();
  if (value === '') throw new InputError('Nothing came on standard input.');
  return value;
}

/**
 * An ISO 8601 moment of an option, in milliseconds UTC, also where it names no offset; null: not given. Throws an
 * `InputError` naming the option.
 */
export function momentOf(name: string, value: unknown): number | null {
  if (value === undefined) return null;
  const moment = typeof value === 'string' ? fromIso(value) : null;
  if (moment === null) throw new InputError(`${name} must be a time that exists, such as 2026-06-22T12:00:00Z.`);
  return moment;
}
