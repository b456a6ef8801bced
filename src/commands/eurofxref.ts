/** The European Central Bank's reference rates, as eurofxref.csv and eurofxref-hist.csv have them. */
import type { Ratio } from '../core/money.ts';
import { DAY_MS, dayFromIso } from '../core/time.ts';
import { ratioOfDecimal } from '../pipeline/rates.ts';
import type { NewRate } from '../store/rates.ts';

export type Eurofxref = {
  readonly rates: readonly NewRate[];
  readonly days: number;
  /** Days that were left out because they are long ago, and the first of all. */
  readonly older: number;
  readonly first: number;
};

/** Sales are converted when they happen; a file of 25 years would only be carried around. */
const USUAL_DAYS = 400;

const ONE: Ratio = { num: 1n, den: 1n };

type Row = { readonly day: number; readonly perEuro: ReadonlyMap<string, Ratio> };

/**
 * Rates from every currency of the file to `to`, in lower case. A column holds what one euro is in its currency, so a
 * rate between two others is a fraction of both, exact. `since`: the first day; null: the last 400 of the file.
 */
export function readEurofxref(content: string, to: string, since: number | null): Eurofxref | { problem: string } {
  const [head = '', ...lines] = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  const codes = cellsOf(head).map((code) => code.toLowerCase());
  if (codes[0] !== 'date') return { problem: 'its first line must be Date and the currencies, as the ECB writes it' };
  if (to !== 'eur' && !codes.includes(to)) return { problem: `it has no column for ${to.toUpperCase()}` };
  const rows: Row[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const row = rowOf(codes, line);
    if (!row) return { problem: `line ${index + 2} does not begin with a day that exists, or holds what is no rate` };
    rows.push(row);
  }
  const days = rows.map(({ day }) => day).toSorted((a, b) => a - b);
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return { problem: 'it has no days' };
  const from = since ?? last - USUAL_DAYS * DAY_MS;
  const taken = rows.filter(({ day }) => day >= from);
  const rates = taken.flatMap((row) => ratesOf(row, to));
  return { rates, days: taken.length, older: rows.length - taken.length, first };
}

const cellsOf = (line: string): string[] => line.split(',').map((cell) => cell.trim());

function rowOf(codes: readonly string[], line: string): Row | null {
  const [date = '', ...cells] = cellsOf(line);
  const day = dayOf(date);
  if (day === null) return null;
  const perEuro = new Map([['eur', ONE]]);
  for (const [index, cell] of cells.entries()) {
    const code = codes[index + 1] ?? '';
    // A currency that was not quoted that day has N/A.
    if (cell === '' || cell === 'N/A') continue;
    // More cells than columns: a decimal comma, perhaps.
    if (code === '') return null;
    const ratio = ratioOfDecimal(cell);
    if (!ratio) return null;
    perEuro.set(code, ratio);
  }
  return { day, perEuro };
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** `2026-01-05` in the history, `05 January 2026` in the daily file. */
function dayOf(date: string): number | null {
  const [, day = '', month = '', year = ''] = /^(\d{1,2}) ([A-Z][a-z]{2,}) (\d{4})$/.exec(date) ?? [];
  if (day === '') return dayFromIso(date);
  const number = MONTHS.findIndex((name) => name.startsWith(month)) + 1;
  return dayFromIso(`${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`);
}

function ratesOf({ day, perEuro }: Row, to: string): NewRate[] {
  const target = perEuro.get(to);
  if (!target) return [];
  return [...perEuro]
    .filter(([from]) => from !== to)
    .map(([from, own]) => ({
      from,
      to,
      day,
      ratio: { num: target.num * own.den, den: target.den * own.num },
      source: 'ecb',
    }));
}
