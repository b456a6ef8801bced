/** What links are kept in, and what they may be marked with. */
import type { CollectionView, TagView } from '../core/catalogue-desk.ts';
import type { Table } from './shelves.ts';

export const COLLECTIONS: Table = {
  name: 'collections',
  id: 'collection_id',
  columns: { name: 'text', description: 'text' },
  hides: 'deleted_at',
  dated: true,
};

export const TAGS: Table = {
  name: 'tags',
  id: 'tag_id',
  columns: { name: 'text', color: 'text' },
  hides: null,
  dated: false,
};

export type CollectionRow = {
  readonly collection_id: string;
  readonly name: string;
  readonly description: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

export function collectionOf(row: CollectionRow): CollectionView {
  return {
    id: row.collection_id,
    name: row.name,
    description: row.description,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

export type TagRow = { readonly tag_id: string; readonly name: string; readonly color: string };

export const tagOf = (row: TagRow): TagView => ({ id: row.tag_id, name: row.name, color: row.color });
