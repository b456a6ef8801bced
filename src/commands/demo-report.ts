/** What the demo shows at its end: who earned what, why, what still waits, and where to look next. */
import colors from 'picocolors';
import { z } from 'zod';
import type { BalanceView, ConversionView } from '../core/views.ts';
import type { Caller, Desk } from '../core/desk.ts';
import { toMajor } from '../core/money.ts';
import { isRefusal } from '../core/refusals.ts';
import type { Api } from './demo-api.ts';
import type { Affiliate } from './demo-scene.ts';

const PAGE = 200;

/** Every sale and refund of the workspace. */
export async function allConversions(desk: Desk, caller: Caller): Promise<ConversionView[]> {
  const all: ConversionView[] = [];
  for (;;) {
    const { rows, total } = await desk.conversions(caller, {
      limit: PAGE,
      offset: all.length,
      externalEventId: null,
      kind: null,
    });
    all.push(...rows);
    if (rows.length === 0 || all.length >= total) return all;
  }
}

type Line = {
  readonly name: string;
  readonly sales: number;
  readonly sold: bigint;
  readonly refunded: bigint;
  readonly pending: bigint;
  readonly payable: bigint;
};

/** One line per affiliate and currency, one for sales that credit nobody, and the sum. */
export async function standings(
  desk: Desk,
  caller: Caller,
  affiliates: readonly Affiliate[],
  conversions: readonly ConversionView[],
): Promise<string[]> {
  const sales = conversions.filter((one) => one.kind === 'sale' && one.amount > 0n);
  const currencies = [...new Set(sales.map((one) => one.currency))].toSorted();
  const balances = new Map<string, readonly BalanceView[]>();
  for (const { id } of affiliates) {
    const found = await desk.balance(caller, id, null);
    balances.set(id, isRefusal(found) ? [] : found);
  }
  const who = [...affiliates, { id: null, name: 'nobody (came by themselves)' }];
  return currencies.flatMap((currency) => {
    const lines = who.map(({ id, name }): Line => {
      const own = sales.filter((one) => one.currency === currency && one.affiliateId === id);
      const standing = balances.get(id ?? '')?.find((one) => one.currency === currency)?.standing;
      return {
        name,
        sales: own.length,
        sold: sum(own.map((one) => one.amount)),
        refunded: sum(own.map((one) => one.refunded)),
        pending: standing?.pending ?? 0n,
        payable: standing?.payable ?? 0n,
      };
    });
    return table(lines, currency);
  });
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

function table(lines: readonly Line[], currency: string): string[] {
  const total: Line = {
    name: 'together',
    sales: lines.reduce((count, line) => count + line.sales, 0),
    sold: sum(lines.map((line) => line.sold)),
    refunded: sum(lines.map((line) => line.refunded)),
    pending: sum(lines.map((line) => line.pending)),
    payable: sum(lines.map((line) => line.payable)),
  };
  const money = (amount: bigint): string => grouped(toMajor(amount, currency));
  const unit = currency.toUpperCase();
  const rows = [
    ['Affiliate', 'Sales', `Sold ${unit}`, `Refunds ${unit}`, `Pending ${unit}`, `Payable ${unit}`],
    ...[...lines, total].map((line) => [
      line.name,
      String(line.sales),
      ...[line.sold, line.refunded, line.pending, line.payable].map(money),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? [];
  const texts = rows.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('   ')}`,
  );
  const rule = `  ${'-'.repeat(widths.reduce((width, own) => width + own + 3, -3))}`;
  return [colors.bold(texts[0] ?? ''), rule, ...texts.slice(1, -1), rule, texts.at(-1) ?? ''];
}

/** 1234567.89 → 1,234,567.89 */
const grouped = (decimal: string): string => decimal.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');

/** The sale worth explaining: credited, refunded in part, told by as many webhooks as possible. */
export function mostInteresting(conversions: readonly ConversionView[]): ConversionView | null {
  const weight = (one: ConversionView): number =>
    (one.commission ? 8 : 0) +
    (one.status === 'partial_refunded' ? 4 : one.refunded > 0n ? 2 : 0) +
    (one.source === 'stripe' ? 1 : 0);
  const sales = conversions.filter((one) => one.kind === 'sale');
  return sales.toSorted((a, b) => weight(b) - weight(a) || Number(b.amount - a.amount))[0] ?? null;
}

const traced = z.object({
  summary: z.array(z.string()),
  events: z.array(z.object({ id: z.string(), type: z.string() })),
});

/** The whole reason of one sale, as `GET /v1/trace/{id}` tells it; incentives by their names. */
export async function reasonOf(
  api: Api,
  sale: ConversionView,
  incentives: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { summary, events } = await api.get(`/v1/trace/${encodeURIComponent(stripeIdOf(sale))}`, traced);
  const named = summary.map((line) =>
    [...incentives].reduce((text, [id, name]) => text.replaceAll(id, `"${name}"`), line),
  );
  const kinds = [...new Set(events.map(({ type }) => type))];
  return [...named, `${events.length} events told of it: ${kinds.join(', ')}.`];
}

/** What a person has at hand: the id of the Stripe object, else ours. */
export function stripeIdOf(sale: ConversionView): string {
  const [, , id] = sale.moneyKey.startsWith('stripe:') ? sale.moneyKey.split(':') : [];
  return id ?? sale.id;
}

const waiting = z.object({ reason: z.string().nullable(), hint: z.string().nullable() });

/** Events that wait for something, counted by reason. */
export async function parkedLines(api: Api): Promise<string[]> {
  const { rows, total } = await api.list(`/v1/inbox?state=parked&limit=${PAGE}`, waiting);
  const said = rows.map(({ hint, reason }) => hint ?? reason ?? '');
  const lines = [...new Set(said)].map((why) => `${said.filter((one) => one === why).length} events: ${why}`);
  return total > rows.length ? [...lines, `and ${total - rows.length} more`] : lines;
}

/** Where to go on from here, with what was just made. */
export function nextSteps(url: string, key: string, affiliate: Affiliate, sale: ConversionView | null): string[] {
  const curl = (path: string): string => `curl -s -H 'Authorization: Bearer ${key}' '${url}${path}'`;
  return [
    'npm start',
    curl(`/v1/affiliates/${affiliate.id}/ledger`),
    curl(`/v1/trace/${sale ? stripeIdOf(sale) : affiliate.id}`),
    curl('/v1/inbox?state=ignored'),
  ];
}
