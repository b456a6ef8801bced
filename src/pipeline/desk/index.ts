/** The desk, put together: everything a surface can ask for. */
import type { Desk } from '../../core/desk.ts';
import type { Clockwork } from '../clockwork.ts';
import type { Translators } from '../translate.ts';
import { accountDesk } from './accounts.ts';
import { buyerDesk } from './buyers.ts';
import { catalogueDesk } from './catalogue.ts';
import { click } from './click.ts';
import { customerDesk } from './customers.ts';
import { eventDesk } from './events.ts';
import { figureDesk } from './figures.ts';
import { keyDesk } from './keys.ts';
import { linkDesk } from './links.ts';
import { officeDesk } from './office.ts';
import { payoutDesk } from './payouts.ts';
import { pixelDesk } from './pixel.ts';
import { portalDesk } from './portal.ts';
import { programDesk } from './programs.ts';
import { refund } from './refund.ts';
import { sell } from './sell.ts';
import { signUp } from './sign-up.ts';
import { signingDesk } from './signing.ts';
import { trialDesk } from './trials.ts';
import { visitDesk } from './visits.ts';

export function createDesk(work: Clockwork, translators: Translators): Desk {
  const seller = sell(work);
  return {
    ...officeDesk(work, translators),
    ...accountDesk(work),
    ...keyDesk(work),
    ...visitDesk(work),
    ...linkDesk(work),
    ...buyerDesk(work),
    ...trialDesk(work),
    ...figureDesk(work),
    ...catalogueDesk(work),
    ...customerDesk(work, seller),
    ...eventDesk(work),
    ...payoutDesk(work),
    ...pixelDesk(work),
    ...portalDesk(work),
    ...programDesk(work),
    ...signingDesk(work),
    sell: (caller, told) => seller(caller, told),
    refund: refund(work),
    click: click(work),
    signUp: signUp(work),
  };
}
