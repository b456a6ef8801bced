import colors from 'picocolors';
import type { Config } from '../config.ts';
import { verifyWorkspace, type Proof } from '../pipeline/verify.ts';
import { listWorkspaces } from '../store/workspaces.ts';
import { fail, opened, type Options } from './opened.ts';

const MOST_DIFFERENCES = 20;

/** Prints both hashes of every workspace; 1 when any of them differ. */
export async function verify(config: Config, options: Options): Promise<number> {
  return opened(config, 2, async ({ database, translators }) => {
    const only = options['workspace'];
    const all = await listWorkspaces(database.across);
    if (typeof only === 'string' && !all.includes(only))
      return fail(`There is no workspace "${only}". There is: ${all.join(', ')}.`);
    const proofs: Proof[] = [];
    for (const workspace of typeof only === 'string' ? [only] : all)
      proofs.push(await verifyWorkspace(database, translators, workspace, progress(workspace)));
    if (options['json']) console.log(JSON.stringify(proofs, null, 2));
    else for (const proof of proofs) print(proof);
    return proofs.every((proof) => proof.equal) ? 0 : 1;
  });
}

/** A line that renews itself on a terminal, nothing elsewhere. */
function progress(workspace: string): (events: number) => void {
  return (events) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${workspace}: ${events} events read\u001B[K`);
  };
}

export function print(proof: Proof): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  const verdict = proof.equal ? colors.green('equal') : colors.red('DIFFERENT');
  console.log(`${proof.workspace}: ${proof.events} events with an effect, ${proof.payments} payments: ${verdict}`);
  console.log(`  ledger      ${proof.standing}`);
  console.log(`  recomputed  ${proof.recomputed}`);
  for (const line of proof.differences.slice(0, MOST_DIFFERENCES)) console.log(`  ${line}`);
  const more = proof.differences.length - MOST_DIFFERENCES;
  if (more > 0) console.log(`  and ${more} more`);
  if (!proof.equal)
    console.log(
      '  "-" stands but does not follow from the events, "+" follows but does not stand, "!" is a balance that is not the sum of its transfers.',
    );
}
