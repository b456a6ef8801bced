/** One call on the reference page. */
import { html, sentence, type Html } from '../html.ts';
import type { Answer, Document, Operation, Parameter, Ref } from './document.ts';
import { fieldsOf, parametersOf } from './fields.ts';
import { curlOf, jsonText, sampleOf } from './sample.ts';

/** One operation with where it is. */
export type Call = { readonly path: string; readonly method: string; readonly operation: Operation };

export const callsOf = ({ paths }: Document): readonly Call[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

/** A method, in its colour. */
export const badge = (method: string): Html => html`<b class="method ${method.toLowerCase()}">${method}</b>`;

/** A call with its fields, answers and an example. */
export function callSection(document: Document, { path, method, operation }: Call): Html {
  const { operationId, summary, description, parameters = [], requestBody } = operation;
  const body = requestBody?.content['application/json'].schema;
  return html`<article class="call" id="${operationId}" aria-labelledby="${operationId}-name">
    <h3 id="${operationId}-name">${badge(method)} <code>${path}</code></h3>
    <p class="summary">${summary}</p>
    <p class="who">${sentence(description)}</p>
    <div class="halves">
      <div>
        ${PLACES.map(([place, title]) => parametersIn(parameters, place, title))}
        ${titled('Body', body ? fieldsOf(body, 'sent') : null)} ${answers(operation)}
      </div>
      <div>
        <h4>Example</h4>
        <div class="shell"><pre tabindex="0">${curlOf(document, path, method, operation)}</pre></div>
        ${example(document, operation)}
      </div>
    </div>
  </article> `;
}

const PLACES = [
  ['path', 'Path'],
  ['query', 'Query'],
  ['header', 'Headers'],
] as const;

function parametersIn(parameters: readonly Parameter[], place: Parameter['in'], title: string): Html | null {
  const own = parameters.filter((one) => one.in === place);
  return titled(title, own.length > 0 ? parametersOf(own) : null);
}

const titled = (title: string, content: Html | null): Html | null =>
  content &&
  html`<h4>${title}</h4>
    ${content}`;

const succeeded = ({ responses }: Operation): readonly (readonly [string, Answer])[] =>
  Object.entries(responses).flatMap(([status, answer]) => ('$ref' in answer ? [] : [[status, answer] as const]));

const schemaIn = ({ content = {} }: Answer) => Object.values(content)[0]?.schema;

function answers(operation: Operation): Html {
  const own = succeeded(operation);
  const refused = Object.entries(operation.responses).filter((entry): entry is [string, Ref] => '$ref' in entry[1]);
  const shown = own.map(([status, answer], at) => {
    const schema = schemaIn(answer);
    const before = own.slice(0, at).find(([, other]) => JSON.stringify(schemaIn(other)) === JSON.stringify(schema));
    const same = before ? html`<p>The same as ${before[0]}.</p>` : schema ? fieldsOf(schema, 'answered') : null;
    return html`<h4>Answer ${status}</h4>
      <p>${answer.description}</p>
      ${same}`;
  });
  const links = refused.map(
    ([status, { $ref }], at) => html`${at === 0 ? '' : ', '}<a href="#${$ref.split('/').at(-1) ?? ''}">${status}</a>`,
  );
  return html`${shown}
    <p class="refused">Refused with ${links}.</p>`;
}

function example(document: Document, operation: Operation): Html | null {
  const found = succeeded(operation).findLast(([, answer]) => schemaIn(answer));
  const schema = found && schemaIn(found[1]);
  if (!schema) return null;
  const text = jsonText(sampleOf(schema, document.components.schemas, false));
  return html`<h4>Answers ${found[0]}</h4>
    <pre tabindex="0">${text}</pre>`;
}
