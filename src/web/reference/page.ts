/** The reference page: a document as HTML that can be read without a script. */
import { html, sentence, type Html } from '../html.ts';
import { badge, callsOf, callSection, type Call } from './call.ts';
import type { Document } from './document.ts';
import { anchorOf, fieldsOf } from './fields.ts';

/** A document by the name in its address. */
export type Entry = { readonly name: string; readonly document: Document };

/** Where the pages lie: the path of our public address, without a trailing slash. */
type Root = string;

function layout(root: Root, title: string, entries: readonly Entry[], current: string | null, body: Html): string {
  const links = entries.map(
    ({ name }) =>
      html`<li><a href="${root}/docs/${name}" ${name === current ? html` aria-current="page"` : null}>${name}</a></li>`,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${root}/docs/reference.css" />
        <script src="${root}/docs/reference.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header class="top">
          <a class="home" href="${root}/docs">Tributary reference</a>
          <nav aria-label="Documents">
            <ul>
              ${links}
            </ul>
          </nav>
        </header>
        ${body}
      </body>
    </html> `.html;
}

const paragraphs = (text: string): Html => html`${text.split('\n\n').map((part) => html`<p>${sentence(part)}</p>`)}`;

/** The list of all documents. */
export function listPage(root: Root, entries: readonly Entry[]): string {
  const rows = entries.map(
    ({ name, document }) =>
      html`<section class="document">
        <h2><a href="${root}/docs/${name}">${document.info.title}</a></h2>
        ${paragraphs(document.info.description)}
        <p>${callsOf(document).length} calls. <a href="${root}/openapi/${name}.json">OpenAPI 3.1 of ${name}</a></p>
      </section> `,
  );
  const body = html`<main id="main" class="alone">
    <h1>Reference</h1>
    <p>
      Every call of this installation, made from the code that answers it.
      <a href="${root}/openapi.json">openapi.json</a> lists the documents for machines.
    </p>
    ${rows}
  </main>`;
  return layout(root, 'Tributary reference', entries, null, body);
}

/** One document in full. */
export function documentPage(root: Root, entries: readonly Entry[], { name, document }: Entry): string {
  const { info, tags, servers } = document;
  const calls = callsOf(document);
  const groups = tags.map((tag) => ({
    tag: tag.name,
    calls: calls.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const body = html`<div class="frame">
    ${navigation(groups)}
    <main id="main">
      <h1>${info.title}</h1>
      ${paragraphs(info.description)}
      <ul class="servers">
        ${servers.map(({ url, description }) => html`<li><code>${url}</code> ${description}</li>`)}
      </ul>
      <p><a href="${root}/openapi/${name}.json">OpenAPI 3.1 of ${name}</a>, version ${info.version}</p>
      ${groups.map(
        (group) =>
          html`<section class="group" aria-labelledby="tag-${group.tag}">
            <h2 id="tag-${group.tag}">${group.tag}</h2>
            ${group.calls.map((call) => callSection(document, call))}
          </section> `,
      )}${objectsSection(document)}${refusalsSection(document)}
    </main>
  </div>`;
  return layout(root, info.title, entries, name, body);
}

type Group = { readonly tag: string; readonly calls: readonly Call[] };

function navigation(groups: readonly Group[]): Html {
  return html`<nav class="calls" aria-label="Calls">
    <p class="filter" hidden>
      <label for="filter">Filter <kbd>/</kbd></label
      ><input id="filter" type="search" autocomplete="off" spellcheck="false" aria-describedby="found" /><span
        id="found"
        role="status"
      ></span>
    </p>
    <details open>
      <summary>All calls</summary>
      ${groups.map(
        ({ tag, calls }) =>
          html`<h2>${tag}</h2>
            <ul>
              ${calls.map(
                ({ path, method, operation }) =>
                  html`<li>
                    <a href="#${operation.operationId}">${badge(method)} <span>${breakable(path)}</span></a>
                  </li>`,
              )}
            </ul> `,
      )}
      <h2>more</h2>
      <ul>
        <li><a href="#objects">Objects</a></li>
        <li><a href="#refusals">Refusals</a></li>
      </ul>
    </details>
  </nav>`;
}

function objectsSection({ components }: Document): Html {
  const named = Object.entries(components.schemas).filter(([name]) => !(name in components.responses));
  const shown = named.map(
    ([name, schema]) =>
      html`<article class="call" id="${anchorOf(name)}">
        <h3>${name}</h3>
        ${fieldsOf(schema, 'answered')}
      </article> `,
  );
  return html`<section class="group" aria-labelledby="objects">
    <h2 id="objects">Objects</h2>
    ${shown}
  </section> `;
}

function refusalsSection({ components: { schemas, responses } }: Document): Html {
  const shown = Object.entries(responses).map(
    ([name, { description }]) =>
      html`<article class="call" id="${name}">
        <h3>${refusedInWords(name)}</h3>
        <p>${description}</p>
        ${fieldsOf(schemas[name] ?? {}, 'answered')}
      </article> `,
  );
  return html`<section class="group" aria-labelledby="refusals">
    <h2 id="refusals">Refusals</h2>
    ${shown}
  </section> `;
}

/** A path that breaks before its slashes, where it has to. */
const breakable = (path: string): Html =>
  html`${path.split('/').map((word, at) => (at === 0 ? word : html`<wbr />/${word}`))}`;

/** Refused400 → 400; Refused400PostTrackSale → 400 of postTrackSale. */
function refusedInWords(name: string): string {
  const [, status = '', first = '', rest = ''] = /^Refused(\d+)(.?)(.*)$/.exec(name) ?? [];
  return first === '' ? status : `${status} of ${first.toLowerCase()}${rest}`;
}
