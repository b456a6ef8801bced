import { readFile } from 'node:fs/promises';
import type { Parts } from '../compose.ts';
import type { Config } from '../config.ts';
import { settingsAt } from '../core/rules.ts';
import { dayFromIso } from '../core/time.ts';
import { addRates, ratioOfDecimal } from '../pipeline/rates.ts';
import { currencyOf } from '../store/programs.ts';
import { dayText, listRates, type NewRate } from '../store/rates.ts';
import { loadRules } from '../store/rules.ts';
import { rateShape } from '../web/admin/rates.ts';
import { readEurofxref } from './eurofxref.ts';
import { fail, opened, workspaceOf, type Options } from './opened.ts';

const SAY = `Say: tributary rates add EUR USD 2026-01-05 1.0873 [--source text]
     tributary rates list [--limit number]
     tributary rates import eurofxref-hist.csv [--to USD] [--since 2025-01-01]`;

function textOf(options: Options, name: string): string | null {
  const said = options[name];
  return typeof said === 'string' ? said : null;
}

/** `rates add|list|import`: what amounts in other currencies are converted by. */
export async function rates(config: Config, args: readonly string[], options: Options): Promise<number> {
  const [verb = '', ...given] = args;
  const run = { add, list, import: load }[verb];
  if (!run) return fail(SAY);
  return opened(config, 2, async (parts) => run(parts, await workspaceOf(parts, options), given, options));
}

const noDay = (text: string): number => fail(`"${text}" is no day that exists; write it as 2026-01-05.`);

const isCurrency = (code: string): boolean => /^[a-z]{3}$/i.test(code);

async function add({ work }: Parts, workspace: string, given: readonly string[], options: Options): Promise<number> {
  const [from = '', to = '', day = '', rate = ''] = given;
  const at = dayFromIso(day);
  const ratio = ratioOfDecimal(rate);
  if (!isCurrency(from) || !isCurrency(to) || from.toLowerCase() === to.toLowerCase() || day === '' || ratio === null)
    return fail(SAY);
  if (at === null) return noDay(day);
  const source = textOf(options, 'source') ?? 'command line';
  const own = { from: from.toLowerCase(), to: to.toLowerCase(), day: at, ratio, source };
  const { fresh, others } = await addRates(work, workspace, [own]);
  if (others.length > 0) return fail(`${inWords(others)}\nA rate is never changed: money was converted by it.`);
  console.log(
    fresh === 0 ? 'It was known already.' : `1 ${from.toUpperCase()} = ${rate} ${to.toUpperCase()} on ${day}.`,
  );
  return 0;
}

async function list(
  { database }: Parts,
  workspace: string,
  _given: readonly string[],
  options: Options,
): Promise<number> {
  const limit = Number(options['limit'] ?? 50);
  if (!Number.isInteger(limit) || limit < 1) return fail('--limit must be a whole number of at least 1');
  const { rows, total } = await listRates(database.of(workspace), workspace, {
    limit,
    offset: 0,
    from: null,
    to: null,
  });
  for (const row of rows) {
    const { day, from, to, rate, source } = rateShape(row);
    console.log(`${String(day)}  1 ${String(from)} = ${String(rate)} ${String(to)}  ${String(source)}`);
  }
  console.log(`${rows.length} of ${total} rates.`);
  return 0;
}

/** Days known with another rate, a line each; at most ten. */
function inWords(others: readonly NewRate[]): string {
  const lines = others
    .slice(0, 10)
    .map(({ from, to, day, source }) => `  ${dayText(day)} ${from.toUpperCase()} to ${to.toUpperCase()} (${source})`);
  return [`Known with another rate, and kept: ${others.length}`, ...lines].join('\n');
}

async function load(
  { work, database }: Parts,
  workspace: string,
  [file = '']: readonly string[],
  options: Options,
): Promise<number> {
  const first = textOf(options, 'since');
  const since = first === null ? null : dayFromIso(first);
  if (file === '') return fail(SAY);
  if (first !== null && since === null) return noDay(first);
  const rules = await loadRules(database.of(workspace), workspace);
  const own = settingsAt(rules, rules.version).currency ?? (await currencyOf(database.of(workspace), workspace));
  const to = (textOf(options, 'to') ?? own).toLowerCase();
  const content = await readFile(file, 'utf8').catch(() => null);
  if (content === null) return fail(`${file} cannot be read.`);
  const read = readEurofxref(content, to, since);
  if ('problem' in read) return fail(`${file}: ${read.problem}`);
  const { fresh, others } = await addRates(work, workspace, read.rates);
  const pairs = new Set(read.rates.map(({ from }) => from)).size;
  console.log(
    `${fresh} new rates to ${to.toUpperCase()}, ${read.rates.length - fresh - others.length} known already; ${pairs} currencies, ${read.days} days.`,
  );
  if (read.older > 0)
    console.log(`${read.older} older days were left out; --since ${dayText(read.first)} takes them too.`);
  if (others.length > 0) console.log(inWords(others));
  return 0;
}
