/** What an affiliate sees: link, codes, balances, commissions and payouts, with why each stands as it does. */
import type { EarningView, Overview } from '../../core/portal-desk.ts';
import type { PayoutView } from '../../core/payout-desk.ts';
import type { Moment } from '../../core/time.ts';
import { toIso } from '../../core/time.ts';
import type { BalanceView } from '../../core/views.ts';
import { html, type Html } from '../html.ts';
import { creativeSection } from './creatives.ts';
import { copyable, layout, rows, type Theme } from './layout.ts';
import { day, money, PAYOUTS, STANDINGS, statusInWords, whyInWords } from './words.ts';

/** How many commissions, and how many payouts, a page has. */
export const ROWS = 20;

/** Which part of the two long lists, from 1. */
export type Pages = { readonly commissions: number; readonly payouts: number };

export type Shown = {
  readonly overview: Overview;
  readonly livemode: boolean;
  readonly now: Moment;
  readonly pages: Pages;
  /** The address of other parts of the lists. */
  readonly at: (pages: Pages) => string;
  /** null: the page is shown within another, which signs nobody in. */
  readonly signOut: { readonly action: string; readonly check: string } | null;
  readonly theme: Theme | null;
};

export function portalPage(shown: Shown): string {
  const { overview, livemode, signOut, theme } = shown;
  const { affiliate, program } = overview;
  const { word, about } = STANDINGS[affiliate.status];
  const notes = [
    livemode ? null : 'Test data: none of this is paid.',
    about,
    affiliate.heldReason === null ? null : 'The company looks at your commissions before they are paid.',
  ];
  const body = html`<header>
      <h1>${affiliate.name}</h1>
      <p class="soft">${program.name} · ${word}</p>
    </header>
    <main>
      ${notes.map((note) => (note === null ? null : html`<p class="note">${note}</p> `))}${linkSection(overview)}
      ${couponSection(overview)}${balanceSection(overview)}${commissionSection(shown)}${payoutSection(shown)}${creativeSection(overview.creatives)}
    </main>
    <footer>${support(overview)}${signOut === null ? null : signOutForm(signOut)}</footer>`;
  return layout(`${affiliate.name} · ${program.name}`, body, theme);
}

function linkSection({ link }: Overview): Html {
  const shown = link === null ? html`<p class="soft">The company has not set up links yet.</p>` : copyable(link);
  return html`<section aria-labelledby="link">
    <h2 id="link">Your link</h2>
    ${shown}
  </section> `;
}

function couponSection({ coupons }: Overview): Html | null {
  if (coupons.length === 0) return null;
  return html`<section aria-labelledby="codes">
    <h2 id="codes">Your codes</h2>
    ${coupons.map(({ code, details }) => html`${copyable(code)}${discountInWords(details)}`)}
  </section> `;
}

function discountInWords(details: Overview['coupons'][number]['details']): Html | null {
  const { discount_type: type, discount_value: value, currency } = details;
  if (typeof value !== 'number') return null;
  const off = type === 'percentage' ? `${value} %` : `${value} ${typeof currency === 'string' ? currency : ''}`;
  return html`<p class="soft">${off.trim()} off for whoever uses it</p>`;
}

function balanceSection({ balances, program, sums }: Overview): Html {
  const empty: BalanceView = {
    currency: program.currency,
    standing: { review: 0n, pending: 0n, payable: 0n, paid: 0n },
  };
  const counts = [
    ['Clicks', sums.clicks],
    ['Leads', sums.leads],
    ['Sales', sums.sales],
  ] as const;
  return html`<section aria-labelledby="balances">
    <h2 id="balances">Balances</h2>
    ${(balances.length === 0 ? [empty] : balances).map(balanceOf)}
    <dl class="figures">${counts.map(([name, count]) => figure(name, String(count)))}</dl>
  </section> `;
}

function balanceOf({ currency, standing: { review, pending, payable, paid } }: BalanceView): Html {
  const figures = [
    ['In review', review],
    ['On hold', pending],
    ['Ready for payout', payable],
    ['Paid', paid],
  ] as const;
  const owed =
    payable < 0n
      ? html`<p class="soft">Refunds came after a payout: ${money(-payable, currency)} is kept from the next one.</p>`
      : null;
  return html`<dl class="figures">${figures.map(([name, amount]) => figure(name, money(amount, currency)))}</dl>
    ${owed}`;
}

const figure = (name: string, value: string): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div> `;

function commissionSection({ overview: { earnings }, now, pages, at }: Shown): Html {
  const { commissions: page } = pages;
  const none = page === 1 ? 'None yet. They appear as soon as somebody buys through your link.' : 'No more.';
  return html`<section aria-labelledby="commissions">
    <h2 id="commissions">Commissions</h2>
    ${rows(
      earnings.rows.map((one) => commissionRow(one, now)),
      none,
    )}
    ${turning('Commissions', page, earnings.hasMore, (commissions) => at({ ...pages, commissions }))}
  </section> `;
}

function commissionRow(view: EarningView, now: Moment): Html {
  const { occurredAt, saleAmount, saleCurrency, earned, reversed, currency, status, referralId } = view;
  const sale = referralId === null ? null : html` · sale of ${money(saleAmount, saleCurrency)}`;
  const why = whyInWords(view, now).join(' ');
  const left = money(earned - reversed, currency);
  return html`<li>
    <p>${dated(occurredAt)}${sale}</p>
    <p>
      ${status === 'declined' ? html`<s class="amount">${left}</s>` : html`<span class="amount">${left}</span>`}
      ${statusInWords(status)}
    </p>
    ${why === '' ? null : html`<p class="why">${why}</p>`}
  </li> `;
}

function payoutSection({ overview: { payouts }, pages, at }: Shown): Html | null {
  const { payouts: page } = pages;
  if (payouts === null) return null;
  return html`<section aria-labelledby="payouts">
    <h2 id="payouts">Payouts</h2>
    ${rows(payouts.rows.map(payoutRow), page === 1 ? 'None yet.' : 'No more.')}
    ${turning('Payouts', page, payouts.hasMore, (next) => at({ ...pages, payouts: next }))}
  </section> `;
}

function payoutRow({ processedAt, amount, currency, status, commission }: PayoutView): Html {
  return html`<li>
    <p>${dated(processedAt)} · for the sale of ${dated(commission.occurredAt)}</p>
    <p><span class="amount">${money(amount, currency)}</span> ${PAYOUTS[status]}</p>
  </li> `;
}

const dated = (moment: Moment): Html => html`<time datetime="${toIso(moment)}">${day(moment)}</time>`;

function turning(name: string, page: number, hasMore: boolean, at: (page: number) => string): Html | null {
  if (page === 1 && !hasMore) return null;
  return html`<nav class="pages" aria-label="${name}">
    ${page === 1 ? null : html`<a href="${at(page - 1)}">Newer</a>`}${
      hasMore ? html`<a href="${at(page + 1)}">Older</a>` : null
    }
  </nav>`;
}

function support({ program }: Overview): Html | null {
  const { support_email_status: isShown, support_email_value: address } = program.details['portal'] ?? {};
  if (isShown !== true || typeof address !== 'string' || !/^[^\s@?&]+@[^\s@?&]+$/.test(address)) return null;
  return html`<p>Questions? <a href="mailto:${address}">${address}</a></p>`;
}

const signOutForm = ({ action, check }: NonNullable<Shown['signOut']>): Html =>
  html`<form method="post" action="${action}">
    <input type="hidden" name="check" value="${check}" /><button>Sign out</button>
  </form>`;
