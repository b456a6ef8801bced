/** The frame of every page of the portal: one file with its style in it, without any script or outside address. */
import { createHash } from 'node:crypto';
import { html, type Html } from '../html.ts';

const COLORS = {
  light:
    '--text:#1c1c1c;--soft:#555550;--ground:#fff;--raised:#f4f4f1;--line:#dcdcd6;--link:#0b57a4;color-scheme:light',
  dark: '--text:#e8e8e4;--soft:#a9a9a2;--ground:#161616;--raised:#222220;--line:#3a3a37;--link:#8ab8ea;color-scheme:dark',
};

const STYLE = `:root{${COLORS.light}}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${COLORS.dark}}}
:root[data-theme=dark]{${COLORS.dark}}
*{box-sizing:border-box}
body{font:16px/1.55 system-ui,sans-serif;max-width:52rem;margin:0 auto;padding:1.2rem 1rem 3rem;color:var(--text);background:var(--ground);overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .5rem}
p{margin:.3rem 0}a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
.soft{color:var(--soft)}
.note{padding:.6rem .8rem;background:var(--raised);border:1px solid var(--line);border-radius:6px;margin:.8rem 0}
.copy{display:block;font:.9rem/1.5 ui-monospace,monospace;padding:.6rem .8rem;margin:.3rem 0;background:var(--raised);border:1px solid var(--line);border-radius:6px;user-select:all;-webkit-user-select:all}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(11rem,100%),1fr));gap:.6rem;margin:.3rem 0 .8rem}
.figures div{padding:.5rem .8rem;background:var(--raised);border:1px solid var(--line);border-radius:6px}
dt{color:var(--soft);font-size:.9rem}dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}dd,.amount{white-space:nowrap}
.rows{list-style:none;margin:0;padding:0}
.rows li{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1.5rem;padding:.6rem 0;border-top:1px solid var(--line)}
.rows p{margin:0}.rows .amount{font-weight:600;font-variant-numeric:tabular-nums}.rows .why{flex-basis:100%;color:var(--soft);font-size:.9rem}
.rows .copy{flex-basis:100%;white-space:pre-wrap}
.pages{display:flex;gap:1.5rem;margin:.6rem 0}.pages a{padding:.3rem 0}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--line)}
button{font:inherit;padding:.4rem .9rem;color:var(--text);background:var(--raised);border:1px solid var(--soft);border-radius:6px;cursor:pointer}`;

/** As a value, because its hash is what the policy allows: not a letter of it may move. */
const STYLED: Html = { html: `<style>${STYLE}</style>` };

const HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing runs, nothing comes from elsewhere; `framed`: pages of any origin may show it. */
export function policyOf(framed: boolean): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${HASH}'`,
    'img-src data:',
    "base-uri 'none'",
    `form-action ${framed ? "'none'" : "'self'"}`,
    `frame-ancestors ${framed ? '*' : "'none'"}`,
  ].join('; ');
}

/** How a page that is shown within another looks, whatever the reader's system says. */
export type Theme = 'light' | 'dark';

/** `theme` null: as the reader's system says. */
export function layout(title: string, body: Html, theme: Theme | null = null): string {
  return html`<!doctype html>
    <html lang="en" ${theme === null ? null : html`data-theme="${theme}"`}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${STYLED}
      </head>
      <body>
        ${body}
      </body>
    </html> `.html;
}

/** A page of a title and a sentence. */
export function notice(title: string, sentence: string): string {
  return layout(
    title,
    html`<main>
      <h1>${title}</h1>
      <p>${sentence}</p>
    </main>`,
  );
}

/** A click or a tap selects all of it. */
export const copyable = (text: string): Html => html`<code class="copy">${text}</code>`;

export function rows(all: readonly Html[], none: string): Html {
  if (all.length === 0) return html`<p class="soft">${none}</p>`;
  return html`<ul class="rows">
    ${all}
  </ul>`;
}
