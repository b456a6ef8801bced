/** Links at the desk, and what came of them. */
import type { Caller } from '../../core/desk.ts';
import { isPage, NO_PAGE } from '../../core/destinations.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import type { LinkDesk, LinkView } from '../../core/visits.ts';
import { findAffiliate } from '../../store/affiliates.ts';
import { insertLink, listClicks, listLinks, listPrograms } from '../../store/links.ts';
import { currencyOf, programExists } from '../../store/programs.ts';
import { listSums } from '../../store/sums.ts';
import type { Clockwork } from '../clockwork.ts';
import { noAffiliate } from './affiliates.ts';

export function linkDesk(work: Clockwork): LinkDesk {
  const { of } = work.database;
  return {
    createLink: (caller, input) => create(work, caller, input),
    links: ({ workspace }, filter) => listLinks(of(workspace), workspace, filter),
    clicks: (caller, filter) => listClicks(of(caller.workspace), caller, filter),
    programs: ({ workspace }, filter) => listPrograms(of(workspace), workspace, filter),
    affiliateSums: async (caller, filter) => {
      const currency = await currencyOf(of(caller.workspace), caller.workspace);
      return { rows: await listSums(of(caller.workspace), caller, currency, filter), currency };
    },
  };
}

const MOST_TRIES = 8;

async function create(
  work: Clockwork,
  { workspace }: Caller,
  input: Parameters<LinkDesk['createLink']>[1],
): Promise<LinkView | Refusal> {
  const { of } = work.database;
  if (input.destinationUrl !== null && !isPage(input.destinationUrl))
    return refuse('invalid_input', `destination_url ${NO_PAGE}`, { field: 'destination_url' });
  const affiliate = await findAffiliate(of(workspace), workspace, input.affiliateId);
  if (!affiliate) return { ...noAffiliate(input.affiliateId), field: 'affiliate_id' };
  const programId = input.programId ?? affiliate.programId;
  if (!(await programExists(of(workspace), workspace, programId)))
    return refuse('not_found', `There is no program "${programId}".`, { field: 'program_id' });
  const wanted = input.code ?? affiliate.trackingId;
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const link = {
      id: work.newId('link'),
      affiliateId: affiliate.id,
      programId,
      code: attempt === 0 ? wanted : `${wanted}-${work.newId('x').slice(-3 - attempt)}`,
      destinationUrl: input.destinationUrl,
      createdAt: work.now(),
    };
    if (await insertLink(of(workspace), workspace, link)) return link;
  }
  throw new Error(`no free code was found in ${MOST_TRIES} tries`);
}
