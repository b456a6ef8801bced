/** Creatives: what affiliates are given to advertise with. */
import type { CreativeCategory, CreativeView } from '../core/creative-desk.ts';
import { selectPage, type Limits } from './pages.ts';
import type { Tx } from './tx.ts';

const shown = (content: string): string =>
  `creative_id, program_id, name, description, category, subcategory, url, ${content}, tags, width, height,
   usage_notes, restrictions, created_at, updated_at`;

const SHOWN = shown('content');

/** Up to so many characters of the content; of 0 null. */
const shownUpTo = (characters: number): string =>
  shown(`${characters === 0 ? 'NULL' : `left(content, ${BigInt(characters)})`} AS content`);

type Row = {
  creative_id: string;
  program_id: string;
  name: string | null;
  description: string | null;
  category: CreativeCategory | null;
  subcategory: string | null;
  url: string | null;
  content: string | null;
  tags: string[];
  width: number | null;
  height: number | null;
  usage_notes: string | null;
  restrictions: string | null;
  created_at: Date;
  updated_at: Date;
};

function viewOf(row: Row): CreativeView {
  const { width, height } = row;
  return {
    id: row.creative_id,
    programId: row.program_id,
    name: row.name,
    description: row.description,
    category: row.category,
    subcategory: row.subcategory,
    url: row.url,
    content: row.content,
    tags: row.tags,
    dimensions: width === null || height === null ? null : { width, height },
    usageNotes: row.usage_notes,
    restrictions: row.restrictions,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

/** Newest first. `contentUpTo`: how many characters of each one's content are wanted; absent: all. */
export async function listCreatives(
  tx: Tx,
  workspace: string,
  filter: Limits & {
    readonly program: string;
    readonly category: CreativeCategory | null;
    readonly contentUpTo?: number;
  },
): Promise<{ rows: CreativeView[]; total: number }> {
  const { rows, total } = await selectPage<Row>(
    tx,
    {
      columns: filter.contentUpTo === undefined ? SHOWN : shownUpTo(filter.contentUpTo),
      from: 'creatives',
      where: 'workspace_id = $1 AND program_id = $2 AND ($3::text IS NULL OR category = $3)',
      order: 'created_at DESC, creative_id DESC',
      values: [workspace, filter.program, filter.category],
    },
    filter,
  );
  return { rows: rows.map(viewOf), total };
}

/** null: there is none. `lock`: nobody else changes it until the transaction ends. */
export async function findCreative(
  tx: Tx,
  workspace: string,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<CreativeView | null> {
  const { rows } = await tx.query<Row>({
    text: `SELECT ${SHOWN} FROM creatives WHERE workspace_id = $1 AND creative_id = $2 ${lock}`,
    values: [workspace, id],
  });
  return rows[0] ? viewOf(rows[0]) : null;
}

/** Makes a creative, or writes it anew. */
export async function putCreative(tx: Tx, workspace: string, creative: CreativeView): Promise<void> {
  await tx.query({
    text: `INSERT INTO creatives (workspace_id, ${SHOWN})
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
           ON CONFLICT (workspace_id, creative_id) DO UPDATE SET name = excluded.name, description = excluded.description,
             category = excluded.category, subcategory = excluded.subcategory, url = excluded.url,
             content = excluded.content, tags = excluded.tags, width = excluded.width, height = excluded.height,
             usage_notes = excluded.usage_notes, restrictions = excluded.restrictions, updated_at = excluded.updated_at`,
    values: [
      workspace,
      creative.id,
      creative.programId,
      creative.name,
      creative.description,
      creative.category,
      creative.subcategory,
      creative.url,
      creative.content,
      creative.tags,
      creative.dimensions?.width ?? null,
      creative.dimensions?.height ?? null,
      creative.usageNotes,
      creative.restrictions,
      new Date(creative.createdAt).toISOString(),
      new Date(creative.updatedAt).toISOString(),
    ],
  });
}

/** false: there is none. */
export async function deleteCreative(tx: Tx, workspace: string, id: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: 'DELETE FROM creatives WHERE workspace_id = $1 AND creative_id = $2',
    values: [workspace, id],
  });
  return rowCount === 1;
}
