/** `stripe accounts reseal`: every stored secret again under the first key, so that the older keys can be dropped. */
import type { Parts } from '../compose.ts';
import type { Config } from '../config.ts';
import { NO_SEAL_KEY, SealError } from '../store/seal.ts';
import { resealOne, sealedOf } from '../store/sealed.ts';
import { listWorkspaces } from '../store/workspaces.ts';
import { fail, opened } from './opened.ts';

/** 1 when something could not be opened; what could is resealed all the same. */
export function reseal(config: Config): Promise<number> {
  return opened(config, 1, resealAll);
}

async function resealAll({ work, database: { of, across } }: Parts): Promise<number> {
  const { seal } = work.vault;
  if (seal.keyId === null) return fail(NO_SEAL_KEY);
  const count = { seen: 0, resealed: 0, failed: 0 };
  for (const workspace of await listWorkspaces(across))
    for (const value of await sealedOf(of(workspace), workspace)) {
      count.seen += 1;
      try {
        if (seal.keyIdOf(value.sealed) !== seal.keyId && (await resealOne(of(workspace), seal, value)))
          count.resealed += 1;
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        count.failed += 1;
        console.error(`${workspace}: ${error.message}`);
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${count.seen} secrets read\u001B[K`);
    }
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  console.log(`${count.resealed} of ${count.seen} secrets sealed anew with key ${seal.keyId}, ${count.failed} failed.`);
  if (count.failed === 0) console.log('The other keys of TRIBUTARY_SECRET_KEY are not needed any more.');
  return count.failed === 0 ? 0 : 1;
}
