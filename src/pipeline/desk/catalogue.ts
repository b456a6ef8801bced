/** Links, collections, tags and partners at the desk; where short links lead, and the clicks that came of it. */
import type { CatalogueDesk, Shelf, Visitor } from '../../core/catalogue-desk.ts';
import { withClick } from '../../core/destinations.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { collectionOf, COLLECTIONS, tagOf, TAGS, type CollectionRow, type TagRow } from '../../store/collections.ts';
import {
  changeRows,
  hideRows,
  insertRows,
  rowsOf,
  selectRows,
  sourceOf,
  type Condition,
  type Table,
} from '../../store/shelves.ts';
import { clicksOfLinks, findDestination, followLink } from '../../store/short-links.ts';
import type { Clockwork } from '../clockwork.ts';
import { partnerShelf } from './partners.ts';
import { shelf } from './shelf.ts';
import { shortLinkShelf } from './short-links.ts';

export function catalogueDesk(work: Clockwork): CatalogueDesk {
  return {
    shortLinks: shortLinkShelf(work),
    collections: plainShelf(work, { noun: 'collection', prefix: 'coll', table: COLLECTIONS }, collectionOf),
    tags: plainShelf(work, { noun: 'tag', prefix: 'tag', table: TAGS }, tagOf),
    partners: partnerShelf(work),
    clicksOfLinks: ({ workspace }, filter) => clicksOfLinks(work.database.of(workspace), workspace, filter),
    follow: (workspace, code, visitor) => follow(work, workspace, code, visitor),
  };
}

type Plain = { readonly noun: string; readonly prefix: string; readonly table: Table };
type ById = { readonly id: string | null };

/** Rows whose columns are named as their fields are. */
function plainShelf<Row extends CollectionRow | TagRow, View extends { readonly id: string }, New extends object>(
  work: Clockwork,
  { noun, prefix, table }: Plain,
  viewOf: (row: Row) => View,
): Shelf<View, New, Partial<New>, ById> {
  const source = sourceOf(table);
  const told = (all: readonly (readonly [string, object])[]) =>
    all.map(([id, fields]) => ({ ...fields, [table.id]: id }));
  return shelf(work, {
    noun,
    prefix,
    table,
    async read({ workspace }, { id, ...order }) {
      const shown = table.hides === null ? [] : [`${table.hides} IS NULL`];
      const conditions: readonly (Condition | string)[] = id === null ? shown : [...shown, [table.id, id]];
      return (await selectRows<Row>(work.database.of(workspace), workspace, source, conditions, order)).map(viewOf);
    },
    byId: async (tx, workspace, ids) => (await rowsOf<Row>(tx, workspace, source, ids)).map(viewOf),
    idOf: ({ id }) => id,
    make: (tx, workspace, all) => insertRows(tx, workspace, table, told(all), work.now()),
    change: (tx, workspace, all) => changeRows(tx, workspace, table, told(all), work.now()),
    hide: (tx, workspace, ids) => hideRows(tx, workspace, table, ids, work.now()),
  });
}

async function follow(
  work: Clockwork,
  workspace: string,
  code: string,
  visitor: Visitor | null,
): Promise<string | Refusal> {
  const tx = work.database.of(workspace);
  const clickId = visitor === null ? null : work.newId('ref');
  const found =
    visitor === null || clickId === null
      ? await findDestination(tx, workspace, code)
      : await followLink(tx, workspace, code, { id: clickId, at: work.now(), details: detailsOf(visitor) });
  return found
    ? withClick(found.url, found.utm, clickId)
    : refuse('not_found', `No link in use has the code "${code}".`);
}

/** What is kept of a visit; nothing that tells people apart but what their browser says of itself. */
function detailsOf({ referrer, userAgent, scanned }: Visitor): Record<string, string> {
  return {
    ...(referrer === null ? {} : { referrer }),
    ...(userAgent === null ? {} : { userAgent }),
    ...(scanned ? { scanned: 'yes' } : {}),
  };
}
