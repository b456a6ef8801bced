/** Leads and sales, told by a backend (apis.md 3.3). */
import { z } from 'zod';
import type { CustomerTold, Tracked } from '../../core/customer-desk.ts';
import { isRefusal, type Refusal } from '../../core/refusals.ts';
import { route } from '../route.ts';
import type { Reply, Route } from '../surface.ts';
import { currency, email, metadata, onceOf, page, text } from './inputs.ts';
import {
  trackedCustomerAnswer,
  trackedCustomerShape,
  trackedLinkAnswer,
  trackedLinkShape,
  type Place,
} from './shapes.ts';

const NAME = 'hoko';

const LONGEST_CUSTOMER = 100;
const LONGEST_NAME = 255;

const KEPT = 'Absent: what is known stays. null: it is cleared.';

const customer = {
  customerExternalId: text(LONGEST_CUSTOMER, 'Your own id of the customer, who is made or updated by it.').meta({
    examples: ['customer_123'],
  }),
  customerName: text(LONGEST_CUSTOMER, 'Their name.').meta({ examples: ['John Doe'] }),
  customerEmail: email.nullable().optional().describe(KEPT),
  customerAvatar: page.nullable().optional().describe(KEPT),
};

const named = z.string({ error: 'must be a string' }).max(LONGEST_NAME, `must be at most ${LONGEST_NAME} characters`);

const lead = z.object({
  ...customer,
  clickId: named.describe('What the destination got as hoko_id. Empty: the click of the latest lead of the customer.'),
  eventName: text(LONGEST_NAME, 'What happened.').meta({ examples: ['Signed up'] }),
  metadata: metadata.describe('Kept with the lead.'),
});

/** Text that may be missing; nothing between the quotes is missing too. */
const optional = (description: string): z.ZodType<string | null> =>
  named
    .nullish()
    .transform((value) => value || null)
    .describe(description);

const sale = z.object({
  ...customer,
  amount: z
    .int('must be a whole number of minor units')
    .min(0, 'must not be negative')
    .meta({ description: 'Minor units: 12900 is 129.00 USD.', examples: [12_900] }),
  currency,
  eventName: optional('What happened; Purchase when absent.'),
  metadata: metadata.describe('Kept with the sale.'),
  leadEventName: optional('Credit the latest lead of this name of the customer.'),
  clickId: optional('Credit this click, where leadEventName finds no lead.'),
});

type Customer = Pick<z.infer<typeof lead>, 'customerExternalId' | 'customerName' | 'customerEmail' | 'customerAvatar'>;

const customerOf = (body: Customer): CustomerTold => ({
  externalId: body.customerExternalId,
  name: body.customerName,
  ...(body.customerEmail === undefined ? {} : { email: body.customerEmail }),
  ...(body.customerAvatar === undefined ? {} : { avatar: body.customerAvatar }),
});

const eventMetadata = z.record(z.string(), z.unknown()).nullable();
const tracked = {
  click: z.object({ id: z.string() }),
  link: trackedLinkAnswer,
  customer: trackedCustomerAnswer,
};

const leadResult = z.object({ ...tracked, lead: z.object({ eventName: z.string(), metadata: eventMetadata }) });

const saleResult = z.object({
  ...tracked,
  sale: z.object({
    amount: z.int().describe('Minor units.'),
    currency: z.string(),
    eventName: z.string(),
    metadata: eventMetadata,
  }),
});

const shapeOf = ({ clickId, link, customer: who }: Tracked, place: Place) => ({
  click: { id: clickId },
  link: trackedLinkShape(link, place),
  customer: trackedCustomerShape(who),
});

const led = route<z.infer<typeof lead>>({
  method: 'POST',
  path: '/api/track/lead',
  summary: 'Records a lead of a customer and credits the click that brought them.',
  answers: { 201: leadResult },
  scope: 'conversionsWrite',
  body: lead,
  async run({ body, raw, caller, origin, idempotencyKey }, desk): Promise<Reply | Refusal> {
    const once = onceOf(idempotencyKey);
    if (isRefusal(once)) return once;
    const { clickId, eventName, metadata: kept } = body;
    const call = { dialect: NAME, customer: customerOf(body), eventName, metadata: kept, once, body: raw };
    const answer = await desk.trackLead(caller, { ...call, clickId: clickId || null });
    if (isRefusal(answer)) return answer;
    const said = { eventName: answer.eventName, metadata: answer.metadata };
    return { status: 201, body: { ...shapeOf(answer, { origin, workspace: caller.workspace }), lead: said } };
  },
});

/** The key that the document's own example shows, where it is one. Many shops number their invoices: 1042 is "1042". */
function invoiceIn(told: z.infer<typeof metadata>): string | null {
  const { invoiceId = null } = told ?? {};
  const named = Number.isSafeInteger(invoiceId) ? String(invoiceId) : invoiceId;
  return typeof named === 'string' && named !== '' && named.length <= LONGEST_NAME ? named : null;
}

const sold = route<z.infer<typeof sale>>({
  method: 'POST',
  path: '/api/track/sale',
  summary: 'Records a sale to a customer and credits the lead or click that brought them.',
  answers: { 201: saleResult },
  scope: 'conversionsWrite',
  body: sale,
  async run({ body, raw, caller, origin, idempotencyKey }, desk): Promise<Reply | Refusal> {
    const once = onceOf(idempotencyKey);
    if (isRefusal(once)) return once;
    const answer = await desk.trackSale(caller, {
      dialect: NAME,
      customer: customerOf(body),
      eventName: body.eventName ?? 'Purchase',
      metadata: body.metadata,
      once,
      body: raw,
      leadEventName: body.leadEventName,
      clickId: body.clickId,
      amount: BigInt(body.amount),
      currency: body.currency,
      invoiceId: invoiceIn(body.metadata),
    });
    if (isRefusal(answer)) return answer;
    const said = {
      amount: Number(answer.amount),
      currency: answer.currency,
      eventName: answer.eventName,
      metadata: answer.metadata,
    };
    return { status: 201, body: { ...shapeOf(answer, { origin, workspace: caller.workspace }), sale: said } };
  },
});

export const trackingRoutes: readonly Route[] = [led, sold];
