/** Links that lead to a page, many at a time. */
import type { CatalogueDesk, NewShortLink, ShortLinkChanges } from '../../core/catalogue-desk.ts';
import { refuse } from '../../core/refusals.ts';
import {
  changeRows,
  hideRows,
  idsAmong,
  insertRows,
  rowsOf,
  selectRows,
  sourceOf,
  type Condition,
  type Told,
} from '../../store/shelves.ts';
import {
  freeExternalIds,
  LINKS,
  programsOf,
  shortLinkOf,
  trackingIdsAmong,
  waitForExternalIds,
  type LinkRow,
} from '../../store/short-links.ts';
import { COLLECTIONS } from '../../store/collections.ts';
import { defaultProgram } from '../../store/workspaces.ts';
import type { Tx } from '../../store/tx.ts';
import type { Clockwork } from '../clockwork.ts';
import { Answered } from './answered.ts';
import { shelf } from './shelf.ts';

/** A code is random, so that links cannot be guessed from one another: 8 letters and digits of a new id. */
const CODE_LENGTH = 8;
const CODE_TRIES = 5;

const SOURCE = sourceOf(LINKS);

/** The rows that may be listed as they are: in use, with somewhere to go. */
const SHOWN = ['archived_at IS NULL', 'destination_url IS NOT NULL'];

export function shortLinkShelf(work: Clockwork): CatalogueDesk['shortLinks'] {
  return shelf(work, {
    noun: 'link',
    prefix: 'link',
    table: LINKS,
    async read({ workspace }, { id, externalId, tenantId, affiliateId, ...order }) {
      const named = { link_id: id, external_id: externalId, tenant_id: tenantId, affiliate_id: affiliateId };
      const conditions = Object.entries(named).filter((pair): pair is [string, string] => pair[1] !== null);
      const all: readonly (Condition | string)[] = [...SHOWN, ...conditions];
      return (await selectRows<LinkRow>(work.database.of(workspace), workspace, SOURCE, all, order)).map(shortLinkOf);
    },
    byId: async (tx, workspace, ids) => (await rowsOf<LinkRow>(tx, workspace, SOURCE, ids)).map(shortLinkOf),
    idOf: ({ id }) => id,
    async turn(tx, workspace, entries) {
      if (entries.filter(({ id, fields }) => id !== null && fields.externalId !== undefined).length > 1)
        await waitForExternalIds(tx, workspace);
    },
    async make(tx, workspace, all) {
      await checkCollections(
        tx,
        workspace,
        all.map(([, fields]) => fields),
      );
      const codes = await freeCodes(work, tx, workspace, all.length);
      const programs = await programsFor(
        tx,
        workspace,
        all.map(([, fields]) => fields),
      );
      const rows = all.map(([id, fields], index) => ({
        ...toldOf(fields),
        link_id: id,
        code: codes[index],
        program_id: programs(fields.affiliateId),
        utm: isEmpty(fields.utm) ? null : fields.utm,
      }));
      await insertRows(tx, workspace, LINKS, rows, work.now());
    },
    async change(tx, workspace, told) {
      const all = await changesIn(tx, workspace, told);
      const news = all.map(([, fields]) => fields);
      await checkCollections(tx, workspace, news);
      const programs = await programsFor(tx, workspace, news);
      const rows = all.map(([id, fields]) => ({
        ...toldOf(fields),
        link_id: id,
        ...(fields.affiliateId === undefined ? {} : { program_id: programs(fields.affiliateId) }),
      }));
      await freeExternalIds(tx, workspace, rows);
      await changeRows(tx, workspace, LINKS, rows, work.now());
    },
    hide: (tx, workspace, ids) => hideRows(tx, workspace, LINKS, ids, work.now()),
    taken: (index) =>
      index === 'links_external_id'
        ? refuse('already_exists', 'externalId is another link’s.', { field: 'externalId' })
        : null,
  });
}

const isEmpty = (utm: object | null): boolean => utm === null || Object.keys(utm).length === 0;

const COLUMNS: Readonly<Record<keyof NewShortLink, string>> = {
  url: 'destination_url',
  title: 'title',
  description: 'description',
  image: 'image',
  utm: 'utm',
  collectionId: 'collection_id',
  affiliateId: 'affiliate_id',
  tenantId: 'tenant_id',
  externalId: 'external_id',
};

/** The columns of what is given. */
function toldOf(fields: NewShortLink | ShortLinkChanges): Told {
  const pairs = Object.entries(COLUMNS).map(([name, column]) => [column, fields[name as keyof NewShortLink]] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

type Changed = readonly [id: string, fields: ShortLinkChanges];

/** What is put back as it stands is no change: a link stays in a collection, and with a partner, that is gone. */
async function changesIn(tx: Tx, workspace: string, all: readonly Changed[]): Promise<readonly Changed[]> {
  const ids = all.flatMap(([id, fields]) => ((fields.collectionId ?? fields.affiliateId) ? [id] : []));
  const rows = ids.length === 0 ? [] : await rowsOf<LinkRow>(tx, workspace, SOURCE, ids);
  const standing = new Map(rows.map((row) => [row.link_id, row]));
  return all.map(([id, { collectionId, affiliateId, ...rest }]) => {
    const row = standing.get(id);
    const moves = collectionId !== undefined && collectionId !== row?.collection_id;
    const passes = affiliateId !== undefined && affiliateId !== row?.affiliate_id;
    return [id, { ...rest, ...(moves ? { collectionId } : {}), ...(passes ? { affiliateId } : {}) }];
  });
}

/** Codes that no affiliate has as a tracking id; that no link has one is for the index to say. */
async function freeCodes(work: Clockwork, tx: Tx, workspace: string, count: number): Promise<string[]> {
  const free = new Set<string>();
  for (let attempt = 0; attempt < CODE_TRIES && free.size < count; attempt += 1) {
    const more = Array.from({ length: count - free.size }, () => work.newId('x').slice(-CODE_LENGTH));
    const taken = new Set(await trackingIdsAmong(tx, workspace, more));
    for (const code of more) if (!taken.has(code)) free.add(code);
  }
  return [...free];
}

/** The program of a link is its affiliate's, else the default one. Throws `Answered` when there is no such affiliate. */
async function programsFor(
  tx: Tx,
  workspace: string,
  all: readonly (NewShortLink | ShortLinkChanges)[],
): Promise<(affiliateId: string | null) => string> {
  const wanted = [...new Set(all.flatMap(({ affiliateId }) => affiliateId ?? []))];
  const programs = wanted.length === 0 ? new Map<string, string>() : await programsOf(tx, workspace, wanted);
  const missing = wanted.find((id) => !programs.has(id));
  if (missing !== undefined)
    throw new Answered(refuse('not_found', `There is no partner "${missing}".`, { field: 'partnerId' }));
  const own = await defaultProgram(tx, workspace);
  return (affiliateId) => programs.get(affiliateId ?? '') ?? own;
}

async function checkCollections(
  tx: Tx,
  workspace: string,
  all: readonly (NewShortLink | ShortLinkChanges)[],
): Promise<void> {
  const wanted = [...new Set(all.flatMap(({ collectionId }) => collectionId ?? []))];
  const there = wanted.length === 0 ? new Set<string>() : await idsAmong(tx, workspace, COLLECTIONS, wanted);
  const missing = wanted.find((id) => !there.has(id));
  if (missing !== undefined)
    throw new Answered(refuse('not_found', `There is no collection "${missing}".`, { field: 'collectionId' }));
}
