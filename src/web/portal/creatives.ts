/** What affiliates are given to advertise with, as much of it as a page has room for. */
import type { CreativeView } from '../../core/creative-desk.ts';
import { shownPage } from '../../core/destinations.ts';
import { html, type Html } from '../html.ts';
import { copyable, rows } from './layout.ts';

/** How many characters are shown of one content and of one text about it. */
export const LONGEST_CONTENT = 5_000;
const LONGEST_TEXT = 1_000;

/** How many characters of contents and texts a page has in all. */
const ROOM = 100_000;

/** Null where there are none. The texts of those for which there is no room are left out, which is said. */
export function creativeSection(creatives: readonly CreativeView[]): Html | null {
  if (creatives.length === 0) return null;
  let room = ROOM;
  const shown = creatives.map((view) => {
    const texts = textsOf(view);
    const length = texts.reduce((sum, { text }) => sum + text.length, 0);
    if (length > room) return creativeRow(view, [], 'There is no room for its texts on this page. Ask the company.');
    room -= length;
    const isCut = texts.some((one) => one.isCut);
    return creativeRow(view, texts, isCut ? 'It is longer than this page shows. Ask the company for all of it.' : null);
  });
  return html`<section aria-labelledby="creatives">
    <h2 id="creatives">To advertise with</h2>
    ${rows(shown, '')}
  </section> `;
}

type Text = { readonly text: string; readonly isCut: boolean; readonly isContent: boolean };

function textsOf({ description, usageNotes, restrictions, content }: CreativeView): readonly Text[] {
  const about = [description, usageNotes, restrictions].flatMap((text) => cut(text, LONGEST_TEXT, false));
  return [...about, ...cut(content, LONGEST_CONTENT, true)];
}

function cut(text: string | null, longest: number, isContent: boolean): Text[] {
  if (text === null) return [];
  // Characters as the database counts them, none of which is half of another.
  const characters = text.length <= longest ? [] : Array.from(text);
  const isCut = characters.length > longest;
  return [{ text: isCut ? `${characters.slice(0, longest).join('')}…` : text, isCut, isContent }];
}

/** Nothing of it is loaded: its file is a link, and what is to be put into a page is text to be copied. */
function creativeRow(view: CreativeView, texts: readonly Text[], note: string | null): Html {
  const { name, category, url, dimensions } = view;
  const title = name ?? category ?? 'Without a name';
  const size = dimensions === null ? null : ` · ${dimensions.width} × ${dimensions.height}`;
  const page = shownPage(url);
  const link = page === null ? title : html`<a href="${page}" target="_blank" rel="noreferrer noopener">${title}</a>`;
  return html`<li>
    <p>${link}${size}</p>
    ${texts.map(({ text, isContent }) => (isContent ? copyable(text) : html`<p class="why">${text}</p>`))}${
      note === null ? null : html`<p class="why">${note}</p>`
    }
  </li> `;
}
