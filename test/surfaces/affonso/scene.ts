/** A site that speaks Affonso, and one of another workspace on the same database. Who is in them, each test says itself. */
import { expect } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { createDatabase } from '../../support/database.ts';
import { translators } from '../../support/stage.ts';
import { openSite } from '../../web/site.ts';

export type Scene = Awaited<ReturnType<typeof openScene>>;

/** `poolSize`: connections at most, for a hundred calls at once. */
export async function openScene(options: { readonly poolSize?: number } = {}) {
  const db = await createDatabase(options);
  const site = await openSite(db);
  const other = await openSite(db, { workspace: 'other' });
  return {
    db,
    site,
    other,
    /** Whatever was said, the ledger follows from the journal: proven before everything is taken down. */
    async close(): Promise<void> {
      const proof = await verifyWorkspace(db.database, translators, 'default');
      await site.close();
      await other.close();
      await db.drop();
      expect(proof).toMatchObject({ differences: [], equal: true });
    },
  };
}
