/** Everything that is kept under seal, to seal it anew. */
import { aboutRequestSecret, findRequestSecret } from './request-secrets.ts';
import type { Seal, SealedFor } from './seal.ts';
import { aboutKey, keyRows } from './stripe-keys.ts';
import { aboutSecret, secretsOf } from './stripe-secrets.ts';
import type { Tx } from './tx.ts';

/** One sealed value wherever it stands. */
export type SealedValue = { readonly about: SealedFor; readonly sealed: string };

/** Every sealed value of a workspace. */
export async function sealedOf(tx: Tx, workspace: string): Promise<SealedValue[]> {
  const secrets = await secretsOf(tx, workspace);
  const keys = await keyRows(tx, [workspace]);
  const requests = await findRequestSecret(tx, workspace);
  return [
    ...secrets.map(({ id, account, sealed }) => ({ about: aboutSecret(workspace, account, id), sealed })),
    ...keys.map((row) => ({ about: aboutKey(workspace, row.account_id, row.livemode), sealed: row.sealed })),
    ...(requests ? [{ about: aboutRequestSecret(workspace), sealed: requests.sealed }] : []),
  ];
}

/** Replaces a sealed value by the same secret under the first key. false: it was changed or removed meanwhile. */
export async function resealOne(tx: Tx, seal: Seal, { about, sealed }: SealedValue): Promise<boolean> {
  const { workspace, account, kind } = about;
  const [of, name = ''] = kind.split(':');
  const anew = seal.close(seal.open(sealed, about), about);
  const { rowCount } = await tx.query(replacing(of ?? '', [workspace, account, name, sealed, anew]));
  return (rowCount ?? 0) > 0;
}

type Values = readonly [workspace: string, account: string, name: string, sealed: string, anew: string];

/** The statement that replaces a value of this kind where it still is what was read. */
function replacing(kind: string, values: Values): { text: string; values: string[] } {
  const [workspace, , , sealed, anew] = values;
  switch (kind) {
    case 'secret':
      return {
        text: `UPDATE stripe_secrets SET sealed = $5
               WHERE workspace_id = $1 AND account_id = $2 AND secret_id = $3 AND sealed = $4`,
        values: [...values],
      };
    case 'request_secret':
      return {
        text: 'UPDATE request_secrets SET sealed = $3 WHERE workspace_id = $1 AND sealed = $2',
        values: [workspace, sealed, anew],
      };
    default:
      return {
        text: `UPDATE stripe_api_keys SET sealed = $5
               WHERE workspace_id = $1 AND account_id = $2 AND livemode = ($3 = 'live') AND sealed = $4`,
        values: [...values],
      };
  }
}
