/** Which test shows which row of the case catalogue, read from the sources of the tests; `npm run docs:cases` writes it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SECTIONS } from './case-list.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const TABLE = `${ROOT}docs/cases.md`;

export type Shown = { readonly row: number; readonly file: string; readonly name: string };

/** A test is numbered by its helper's first argument (`story(104, '…'`) or in its name (`case 12: …`, `… (case 103)`). */
const NUMBERED = /\b(?:story|scene|toldInEveryWay)\(\s*(\d+),\s*(?=['"`])|(?=['"`]case (\d+): )/g;
const NAMED_AT_THE_END = /\(case (\d+)\)(?=['"`])/g;

/** The string literal at a place; what a template computes becomes `…`. */
function literalAt(source: string, start: number): string {
  const quote = source[start];
  let [text, at] = ['', start + 1];
  while (at < source.length && source[at] !== quote) {
    if (source.startsWith('${', at)) {
      at = endOfExpression(source, at + 2);
      text += '…';
    } else {
      if (source[at] === '\\') at += 1;
      text += source[at];
      at += 1;
    }
  }
  return text.replaceAll('%s', '…').replaceAll(/\s+/g, ' ');
}

/** Behind the brace that closes what a template computes. */
function endOfExpression(source: string, start: number): number {
  let depth = 1;
  for (let at = start; at < source.length; at += 1) {
    if (source[at] === '{') depth += 1;
    if (source[at] === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return source.length;
}

function shownIn(file: string): Shown[] {
  const source = readFileSync(ROOT + file, 'utf8');
  const found = [...source.matchAll(NUMBERED)].map((match) => ({
    row: Number(match[1] ?? match[2]),
    file,
    name: literalAt(source, match.index + match[0].length).replace(/^case \d+: /, ''),
  }));
  const ending = [...source.matchAll(NAMED_AT_THE_END)].map(({ index, 0: whole, 1: row }) => {
    const start = Math.max(...["'", '"', '`'].map((quote) => source.lastIndexOf(quote, index)));
    return { row: Number(row), file, name: literalAt(source, start).replace(` ${whole}`, '') };
  });
  return [...found, ...ending];
}

/** Every numbered test, in the order of files and then of the file. */
export function shownRows(): Shown[] {
  const files = readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' });
  const tests = files.map((file) => `test/${file.replaceAll('\\', '/')}`).filter((file) => file.endsWith('.test.ts'));
  return tests.toSorted().flatMap(shownIn);
}

/** Rows of the catalogue that no test shows. */
export function missingRows(shown: readonly Shown[]): number[] {
  const known = new Set(shown.map(({ row }) => row));
  return SECTIONS.flatMap(({ from, rows }) => rows.map((_, index) => from + index)).filter((row) => !known.has(row));
}

/** `docs/cases.md` as it should be. */
export function caseTable(shown: readonly Shown[]): string {
  const parts = [
    '# Cases',
    'The situations Tributary was built against, and the tests that show what becomes of each. Written by `npm run docs:cases`; `…` stands for what varies.',
  ];
  for (const { title, from, rows } of SECTIONS) {
    parts.push(`## ${title}`);
    for (const [index, situation] of rows.entries()) parts.push(...rowOf(from + index, situation, shown));
  }
  return `${parts.join('\n\n')}\n`;
}

function rowOf(row: number, situation: string, shown: readonly Shown[]): string[] {
  const own = shown.filter((one) => one.row === row);
  const names = own.map(({ file, name }) => `- ${file.replace('test/', '')}: ${name}`);
  const listed = names.length === 0 ? '_No test yet._' : [...new Set(names)].join('\n');
  return [`### ${row}. ${situation}`, listed];
}

if (fileURLToPath(import.meta.url) === process.argv[1]) writeFileSync(TABLE, caseTable(shownRows()));
