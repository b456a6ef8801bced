/** Partners, many at a time: affiliates that may earn from the first moment on. */
import type { CatalogueDesk } from '../../core/catalogue-desk.ts';
import { refuse } from '../../core/refusals.ts';
import { deletePassesOf } from '../../store/passes.ts';
import {
  changePartners,
  hidePartners,
  insertPartners,
  listPartners,
  PARTNERS,
  partnersById,
  type PartnerChange,
} from '../../store/partners.ts';
import { defaultProgram } from '../../store/workspaces.ts';
import type { Clockwork } from '../clockwork.ts';
import { trackingIdOf } from './affiliates.ts';
import { shelf } from './shelf.ts';

/** So many letters of an id tell the tracking ids of equal names apart. */
const SUFFIX = 6;

export function partnerShelf(work: Clockwork): CatalogueDesk['partners'] {
  return shelf(work, {
    noun: 'partner',
    prefix: 'aff',
    table: PARTNERS,
    read: ({ workspace }, { id, ...order }) =>
      listPartners(work.database.of(workspace), workspace, id === null ? [] : [['affiliate_id', id]], order),
    byId: partnersById,
    idOf: ({ id }) => id,
    async make(tx, workspace, all) {
      const program = await defaultProgram(tx, workspace);
      const rows = all.map(([id, { name, email, phone }]) => ({
        id,
        name,
        email: email ?? '',
        phone,
        tracking_id: trackingIdOf(name, work.newId('x').slice(-SUFFIX)),
      }));
      await insertPartners(tx, workspace, program, rows, work.now());
    },
    async change(tx, workspace, all) {
      const rows = all.map(([id, { name, email, phone }]): PartnerChange => ({
        id,
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email: email ?? '' }),
        ...(phone === undefined ? {} : { phone }),
      }));
      await changePartners(tx, workspace, rows, work.now());
    },
    async hide(tx, workspace, ids) {
      await hidePartners(tx, workspace, ids, work.now());
      await deletePassesOf(tx, workspace, ids);
    },
    taken: (index) =>
      index === 'affiliates_email' ? refuse('already_exists', 'email is another partner’s.', { field: 'email' }) : null,
  });
}
