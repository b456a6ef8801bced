/** What commands begin and end with: the parts opened and closed, and what a person has to mend said in words. */
import { compose, type Parts } from '../compose.ts';
import type { Config } from '../config.ts';
import type { Caller } from '../core/desk.ts';
import { isRefusal, type Refusal } from '../core/refusals.ts';
import { workspaceExists } from '../store/workspaces.ts';
import { InputError } from './secret-input.ts';

export type Options = Readonly<Record<string, unknown>>;

/** Runs to an exit code; an `InputError` is printed without a stack and is 1. */
export async function toldInWords(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return fail(error.message);
  }
}

/** Opens everything with so many connections, and closes it however the work ends. */
export function opened(config: Config, poolSize: number, work: (parts: Parts) => Promise<number>): Promise<number> {
  return toldInWords(async () => {
    const parts = await compose(config, { poolSize });
    try {
      return await work(parts);
    } finally {
      await parts.close();
    }
  });
}

/** The workspace of `--workspace`. Throws an `InputError` that says what to do when there is none of that name. */
export async function workspaceOf({ database }: Pick<Parts, 'database'>, options: Options): Promise<string> {
  const workspace = String(options['workspace']);
  if (await workspaceExists(database.of(workspace), workspace)) return workspace;
  throw new InputError(`There is no workspace "${workspace}". Make it: tributary workspaces create ${workspace}`);
}

/** Whoever runs the command may do everything in the workspace. */
export function callerIn(workspace: string): Caller {
  return { workspace, livemode: true, keyId: 'command line', scopes: ['*'] };
}

/** Prints what came of it; a refusal is 1. */
export function answer(said: string | Refusal): number {
  if (isRefusal(said)) return fail(said.message);
  console.log(said);
  return 0;
}

export function fail(message: string): number {
  console.error(message);
  return 1;
}
