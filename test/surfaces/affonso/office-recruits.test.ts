/** Who recruited an affiliate (`parent_id`) and who is held: what the native dialect has no word for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { percentage } from '../../../src/core/money.ts';
import { terms } from '../../support/stage.ts';
import type { Answer, Site } from '../../web/site.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let site: Site;

beforeAll(async () => {
  scene = await openScene();
  ({ site } = scene);
  await site.stage.incentive('inc_two', terms('30', { parentRatio: percentage('5') }));
});

afterAll(() => scene.close());

let count = 0;
async function made(more: Record<string, unknown> = {}): Promise<string> {
  count += 1;
  const { body } = await site.post('/v1/affiliates', { name: `A ${count}`, email: `a${count}@p.example`, ...more });
  return String(body.data['id']);
}
const put = (id: string, body: unknown): Promise<Answer> =>
  site.send('PUT', `/v1/affiliates/${id}`, JSON.stringify(body));
const historyOf = async (id: string): Promise<Record<string, unknown>[]> =>
  (
    await site.stage.ask<{ history: Record<string, unknown>[] }>(
      'SELECT history FROM affiliates WHERE workspace_id = $1 AND affiliate_id = $2',
      [id],
    )
  )[0]?.history ?? [];

describe('parent_id', () => {
  test('is taken when an affiliate is made, shown, and earns at once', async () => {
    const rita = await made();
    const jane = await made({ parent_id: rita });
    const { body } = await site.get(`/v1/affiliates/${jane}`);
    expect(body.data['parent_id']).toBe(rita);
    expect(await historyOf(jane)).toMatchObject([{ since: 0, groupId: null, status: 'approved', parentId: rita }]);
    await site.stage.referral('ref_p', jane);
    await site.post('/v1/conversions', { referral_id: 'ref_p', sale_amount: 100, external_event_id: 'p1' });
    expect(await site.stage.balance(rita)).toMatchObject({ payable: 500n });
    expect(await site.stage.balance(jane)).toMatchObject({ payable: 3000n });
  });

  test('says nothing where there is none, as the document knows it', async () => {
    const { body } = await site.get(`/v1/affiliates/${await made()}`);
    expect(Object.keys(body.data)).not.toContain('parent_id');
    expect(Object.keys(body.data)).not.toContain('held');
  });

  test('changes with a new rules version; null takes it away; what else changes keeps it', async () => {
    const rita = await made();
    const jane = await made();
    expect((await put(jane, { parent_id: rita })).body.data['parent_id']).toBe(rita);
    expect((await put(jane, { group_id: 'gold' })).body.data['parent_id']).toBe(rita);
    expect((await put(jane, { name: 'Jane' })).body.data['parent_id']).toBe(rita);
    expect((await put(jane, { parent_id: null })).body.data['parent_id']).toBe(undefined);
    expect((await historyOf(jane)).map(({ groupId, parentId }) => [groupId, parentId ?? null])).toEqual([
      [null, null],
      [null, rita],
      ['gold', rita],
      ['gold', null],
    ]);
  });

  test('must exist, be another one, and close no circle', async () => {
    const a = await made();
    const b = await made({ parent_id: a });
    const c = await made({ parent_id: b });
    for (const [id, parent, status] of [
      [a, 'nobody', 404],
      [a, a, 400],
      [a, b, 400],
      [a, c, 400],
    ] as const) {
      const answer = await put(id, { parent_id: parent });
      expect([answer.status, answer.body.error.field]).toEqual([status, 'parent_id']);
    }
    const unborn = await site.post('/v1/affiliates', { name: 'X', email: 'x@p.example', parent_id: 'nobody' });
    expect([unborn.status, unborn.body.error.field]).toEqual([404, 'parent_id']);
    expect((await put('nobody', { parent_id: a })).status).toBe(404);
    expect((await put(a, { parent_id: 7 })).status).toBe(400);
  });

  test('two changes at once close no circle either', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await made(), await made()];
      const answers = await Promise.all([put(a, { parent_id: b }), put(b, { parent_id: a })]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    }
  });
});

describe('clear_hold', () => {
  test('lifts a hold with a new rules version, and changes nothing without one', async () => {
    const jane = await made();
    await site.stage.ask(
      `UPDATE affiliates SET held_reason = 'too much', held_at = now() WHERE workspace_id = $1 AND affiliate_id = $2`,
      [jane],
    );
    const { body } = await site.get(`/v1/affiliates/${jane}`);
    expect(body.data).toMatchObject({ held: true, held_reason: 'too much' });
    await put(jane, { group_id: 'gold' });
    expect((await historyOf(jane)).at(-1)).toMatchObject({ groupId: 'gold', held: true });
    const cleared = await site.post(`/v1/affiliates/${jane}/clear_hold`, {});
    expect([cleared.status, cleared.body.data['held']]).toEqual([200, undefined]);
    expect((await historyOf(jane)).at(-1)?.['held']).toBe(undefined);
    const entries = (await historyOf(jane)).length;
    expect((await site.post(`/v1/affiliates/${jane}/clear_hold`, {})).status).toBe(200);
    expect(await historyOf(jane)).toHaveLength(entries);
    expect((await site.post('/v1/affiliates/nobody/clear_hold', {})).status).toBe(404);
  });
});
