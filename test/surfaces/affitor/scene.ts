/** A site that speaks Affitor: jane and max are approved, pia is not; everything earns 30 %. */
import { expect } from 'vitest';
import { verifyWorkspace } from '../../../src/pipeline/verify.ts';
import { affitor } from '../../../src/surfaces/affitor/index.ts';
import { createDatabase } from '../../support/database.ts';
import { createStage, terms, translators } from '../../support/stage.ts';
import { openSite, type Answer, type Asked } from '../../web/site.ts';

/** Every answer is exactly what its route says that it answers. */
function expectDescribed(method: string, path: string, { headers, text, body }: Answer): void {
  const bare = path.replace(/\?.*/, '').replace(/^\/affitor/, '');
  const route = affitor.routes.find(
    (one) => one.method === method && new RegExp(`^${one.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(bare),
  );
  if (!route) return;
  const said: unknown = headers.get('content-type')?.startsWith('application/json') ? body : text;
  expect(route.answers?.[200]?.parse(said)).toEqual(said);
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

export const DAY = 86_400_000;

export async function openScene() {
  const db = await createDatabase({ poolSize: 16 });
  const site = await openSite(db, { family: affitor.keys });
  const { send } = site;
  site.send = async (method, path, body, asked) => {
    const answer = await send(method, path, body, asked);
    if (answer.status === 200 && method !== 'HEAD') expectDescribed(method, path, answer);
    return answer;
  };
  const { stage } = site;
  await stage.affiliate('jane');
  await stage.affiliate('max');
  await stage.affiliate('pia', null, 'pending');
  await stage.incentive('inc_all', terms('30'));
  const [program] = await stage.ask<{ number: bigint }>('SELECT number FROM programs WHERE workspace_id = $1');
  const number = Number(program?.number);
  let fresh = 0;

  const track = (what: string, body: unknown, asked?: Asked): Promise<Answer> =>
    site.post(`/api/v1/track/${what}`, body, asked);

  const scene = {
    db,
    site,
    stage,
    number,
    track,
    keyless: { key: null } as Asked,
    fresh: (word: string): string => `${word}-${(fresh += 1)}`,
    /** A visit from a browser: answers with the click id. */
    async click(code = 'jane', more: Record<string, unknown> = {}): Promise<string> {
      const url = `https://shop.example/pricing?aff=${code}`;
      const answer = await track('click', { affiliate_url: url, ...more }, { key: null });
      expect([answer.status, answer.body['success']]).toEqual([200, true]);
      return String(answer.body['click_id']);
    },
    lead: (body: Record<string, unknown>, asked?: Asked): Promise<Answer> => track('lead', body, asked),
    sale: (body: Record<string, unknown>, asked?: Asked): Promise<Answer> =>
      track('sale', { amount_cents: 9900, ...body }, asked),
    /** Click and sign-up of a new customer; answers with both names. */
    async customer(code = 'jane'): Promise<{ clickId: string; key: string }> {
      const clickId = await scene.click(code);
      const key = scene.fresh('user');
      expect((await scene.lead({ click_id: clickId, customer_key: key })).status).toBe(200);
      return { clickId, key };
    },
    async count(table: string, where = 'true', ...values: unknown[]): Promise<number> {
      return (await stage.ask(`SELECT 1 FROM ${table} WHERE workspace_id = $1 AND ${where}`, values)).length;
    },
    /** Whom a sale credits and with how much; undefined: there is no such sale. */
    async sold(transaction: string) {
      const rows = await stage.ask<{
        affiliate_id: string | null;
        earned: bigint | null;
        reversed: bigint | null;
        livemode: boolean;
        currency: string;
      }>(
        `SELECT c.affiliate_id, m.earned, m.reversed, c.livemode, c.currency FROM conversions c
         LEFT JOIN commissions m ON m.workspace_id = $1 AND m.conversion_id = c.conversion_id
         WHERE c.workspace_id = $1 AND c.external_event_id = $2 AND c.kind = 'sale' AND c.status <> 'void'`,
        [transaction],
      );
      expect(rows.length).toBeLessThan(2);
      return rows[0];
    },
    referral: async (id: string) =>
      (
        await stage.ask<{
          affiliate_id: string;
          status: string;
          external_user_id: string | null;
          email: string | null;
          visitor_id: string | null;
          click: Record<string, unknown>;
        }>('SELECT * FROM referrals WHERE workspace_id = $1 AND referral_id = $2', [id])
      )[0],
    /** Another workspace on the same database. */
    stageOf: (workspace: string) => createStage(db, { workspace }),
    numberOf: async (workspace: string): Promise<number> => {
      const found = await db.database.pool.query<{ number: bigint }>(
        'SELECT number FROM programs WHERE workspace_id = $1',
        [workspace],
      );
      return Number(found.rows[0]?.number);
    },
    /** The ledger is proven before everything is taken down. */
    async close(): Promise<void> {
      const proof = await verifyWorkspace(db.database, translators, 'default');
      await site.close();
      await db.drop();
      expect(proof.differences).toEqual([]);
    },
  };
  return scene;
}
