import { dig, type JsonObject } from '../../../src/simulator/json.ts';
import { filtered, page } from './lists.ts';
import type { Objects } from './objects.ts';
import type { Query } from './query.ts';

/** As many lines as Stripe embeds. */
const EMBEDDED = 10;

function linesOf(invoice: JsonObject): readonly JsonObject[] {
  return (dig(invoice, 'lines.data') ?? []) as readonly JsonObject[];
}

/** An invoice as retrieved: ten lines, and `payments` and discounts only when they are asked for. */
export function invoice(objects: Objects, id: string, query: Query): JsonObject | null {
  const found = objects.find('invoice', id);
  return found ? shownInvoice(objects, id, found, query.many('expand')) : null;
}

/** An invoice in a list: what is expanded is named from `data` on. */
export function listedInvoice(objects: Objects, found: JsonObject, query: Query): JsonObject {
  const expand = query.many('expand').map((one) => one.replace(/^data\./, ''));
  const { id } = found;
  return typeof id === 'string' ? shownInvoice(objects, id, found, expand) : found;
}

function shownInvoice(objects: Objects, id: string, found: JsonObject, expand: readonly string[]): JsonObject {
  const lines = linesOf(found);
  const shown = { ...found, lines: { ...(found['lines'] as JsonObject), ...embedded(lines) } };
  const discounts = expand.some((one) => one.startsWith('discounts')) ? discountsOf(objects, found) : {};
  const payments = {
    object: 'list',
    url: '/v1/invoice_payments',
    has_more: false,
    data: paymentsOf(objects, id),
  };
  return { ...shown, ...discounts, ...(expand.includes('payments') ? { payments } : {}) };
}

function embedded(lines: readonly JsonObject[]): JsonObject {
  return { data: lines.slice(0, EMBEDDED), has_more: lines.length > EMBEDDED };
}

function paymentsOf(objects: Objects, invoiceId: string): JsonObject[] {
  return objects.all('invoice_payment').filter((payment) => payment['invoice'] === invoiceId);
}

function discountsOf(objects: Objects, found: JsonObject): JsonObject {
  const ids = (found['discounts'] ?? []) as readonly string[];
  return { discounts: ids.map((id) => objects.find('discount', id) ?? id) };
}

/** All lines in their order; here `starting_after` goes forward. */
export function invoiceLines(objects: Objects, id: string, query: Query): JsonObject | null {
  const found = objects.find('invoice', id);
  return found ? page(linesOf(found), query, `/v1/invoices/${id}/lines`) : null;
}

export function invoicePayments(objects: Objects, query: Query): JsonObject {
  const intent = query.one('payment[payment_intent]');
  const all = filtered(objects.all('invoice_payment'), query, ['invoice', 'status']);
  const matching = all.filter((one) => intent === null || dig(one, 'payment.payment_intent') === intent);
  return page(matching, query, '/v1/invoice_payments');
}
