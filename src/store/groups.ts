/** Groups of affiliates. A group is used by its id; its row gives it a name, and may make it the one people join. */
import type { GroupInput, GroupView } from '../core/program-desk.ts';
import type { Tx } from './tx.ts';

type Row = {
  group_id: string;
  program_id: string;
  name: string;
  description: string | null;
  custom_website_url: string | null;
  is_default: boolean;
  affiliates: number;
  created_at: Date;
};

function viewOf(row: Row): GroupView {
  return {
    id: row.group_id,
    programId: row.program_id,
    name: row.name,
    description: row.description,
    customWebsiteUrl: row.custom_website_url,
    isDefault: row.is_default,
    affiliates: row.affiliates,
    createdAt: row.created_at.getTime(),
  };
}

/** Those of a program that were made, and those that an affiliate or an incentive in force names. */
const GROUPS = `(SELECT * FROM affiliate_groups WHERE workspace_id = $1 AND program_id = $2) g
  FULL JOIN (
    SELECT group_id, count(*)::int AS affiliates, min(created_at) AS at FROM affiliates
    WHERE workspace_id = $1 AND program_id = $2 AND group_id IS NOT NULL AND deleted_at IS NULL GROUP BY 1
  ) used USING (group_id)
  FULL JOIN (
    SELECT terms ->> 'groupId' AS group_id, min(created_at) AS at FROM incentives
    WHERE workspace_id = $1 AND program_id = $2 AND until IS NULL AND terms ->> 'groupId' IS NOT NULL GROUP BY 1
  ) paying USING (group_id)`;

/** The default one first, then the oldest. `id`: only this one. */
export async function listGroups(tx: Tx, workspace: string, program: string, id?: string): Promise<GroupView[]> {
  const { rows } = await tx.query<Row>({
    text: `SELECT group_id, $2::text AS program_id, COALESCE(g.name, group_id) AS name, g.description, g.custom_website_url,
             COALESCE(g.is_default, false) AS is_default, COALESCE(used.affiliates, 0) AS affiliates,
             COALESCE(g.created_at, LEAST(used.at, paying.at)) AS created_at
           FROM ${GROUPS} WHERE $3::text IS NULL OR group_id = $3
           ORDER BY is_default DESC, created_at, group_id`,
    values: [workspace, program, id ?? null],
  });
  return rows.map(viewOf);
}

export type NewGroup = GroupInput & { readonly id: string; readonly programId: string; readonly createdAt: number };

/** Makes a group, or changes one that was made. It becomes the default one in place of whichever was. */
export async function putGroup(tx: Tx, workspace: string, group: NewGroup): Promise<void> {
  if (group.isDefault)
    await tx.query({
      text: `UPDATE affiliate_groups SET is_default = false
             WHERE workspace_id = $1 AND program_id = $2 AND is_default AND group_id <> $3`,
      values: [workspace, group.programId, group.id],
    });
  await tx.query({
    text: `INSERT INTO affiliate_groups (workspace_id, program_id, group_id, name, description, custom_website_url, is_default,
             created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (workspace_id, group_id) DO UPDATE SET name = excluded.name, description = excluded.description,
             custom_website_url = excluded.custom_website_url, is_default = excluded.is_default`,
    values: [
      workspace,
      group.programId,
      group.id,
      group.name,
      group.description,
      group.customWebsiteUrl,
      group.isDefault,
      new Date(group.createdAt).toISOString(),
    ],
  });
}

/** Incentives in force that name the group. */
export async function countIncentivesOf(tx: Tx, workspace: string, program: string, id: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>({
    text: `SELECT count(*)::int AS count FROM incentives
           WHERE workspace_id = $1 AND program_id = $2 AND until IS NULL AND terms ->> 'groupId' = $3`,
    values: [workspace, program, id],
  });
  return rows[0]?.count ?? 0;
}

export async function deleteGroup(tx: Tx, workspace: string, id: string): Promise<void> {
  await tx.query({
    text: 'DELETE FROM affiliate_groups WHERE workspace_id = $1 AND group_id = $2',
    values: [workspace, id],
  });
}

/** Which group whoever joins without one is in; null: none. */
export async function defaultGroup(tx: Tx, workspace: string, program: string): Promise<string | null> {
  const { rows } = await tx.query<{ group_id: string }>({
    name: 'default_group',
    text: 'SELECT group_id FROM affiliate_groups WHERE workspace_id = $1 AND program_id = $2 AND is_default',
    values: [workspace, program],
  });
  return rows[0]?.group_id ?? null;
}
