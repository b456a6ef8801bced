/** Everything that is kept under seal, to seal it anew. */
import type { Seal, SealedFor } from './seal.ts';
import { aboutKey, keyRows } from './stripe-keys.ts';
import { aboutSecret, secretsOf } from './stripe-secrets.ts';
import type { Tx } from './tx.ts';

/** One sealed value wherever it stands. */
export type SealedValue = { readonly about: SealedFor; readonly sealed: string };

/** Every sealed value of a workspace. */
export async function sealedOf(tx: Tx, workspace: string): Promise<SealedValue[]> {
  const secrets = await secretsOf(tx, workspace);
  const keys = await keyRows(tx, workspace);
  return [
    ...secrets.map(({ id, account, sealed }) => ({ about: aboutSecret(workspace, account, id), sealed })),
    ...keys.map((row) => ({ about: aboutKey(workspace, row.account_id, row.livemode), sealed: row.sealed })),
  ];
}

/** Replaces a sealed value by the same secret under the first key. false: it was changed or removed meanwhile. */
export async function resealOne(tx: Tx, seal: Seal, { about, sealed }: SealedValue): Promise<boolean> {
  const { workspace, account, kind } = about;
  const [of, name = ''] = kind.split(':');
  const anew = seal.close(seal.open(sealed, about), about);
  const { rowCount } = await tx.query(
    of === 'secret'
      ? {
          text: `UPDATE stripe_secrets SET sealed = $5
                 WHERE workspace_id = $1 AND account_id = $2 AND secret_id = $3 AND sealed = $4`,
          values: [workspace, account, name, sealed, anew],
        }
      : {
          text: `UPDATE stripe_api_keys SET sealed = $5
                 WHERE workspace_id = $1 AND account_id = $2 AND livemode = ($3 = 'live') AND sealed = $4`,
          values: [workspace, account, name, sealed, anew],
        },
  );
  return (rowCount ?? 0) > 0;
}
