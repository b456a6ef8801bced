/**
 * The database's own limit: the very statement the service posts for an ordinary renewal, with fresh keys each time,
 * one statement per transaction, at the same concurrency. From pgbench where there is one, else from a plain client.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { AFFILIATES, CUSTOMERS } from './material.ts';

const run = promisify(execFile);

/** The statement and the values of one real event, as they were sent. */
export type Sample = {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly event: string;
  readonly customer: string;
};

/** A constant without a colon in it: pgbench takes `:name` for a variable, inside of quotes too. */
const quoted = (text: string): string =>
  `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll(':', '\\072').replaceAll('\n', '\\n')}'`;

/** Ids of ours: prefix, underscore, 26 characters. */
const OWN_ID = /\b(pay|com|earn|tr)_[0-9a-z]{26}\b/g;

/**
 * Values with everything unique replaced by expressions over `:n`, and the customer's version read from the row: the
 * same rows, new keys. Ids inside the JSON documents stay constant text of the same length; nobody looks them up.
 */
function expressions(sample: Sample): string[] {
  const { event, customer } = sample;
  const invoice = event.replace('evt_', 'in_');
  const number = "lpad((:n::bigint)::text, 16, '0')";
  return sample.values.map((value) => {
    if (value === null || value === undefined) return 'NULL';
    if (Array.isArray(value)) return `ARRAY[${value.map((one) => quoted(String(one))).join(',')}]::text[]`;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text === event) return `'evt_f' || ${number}`;
    if (text === `stripe:invoice:${invoice}`) return `${quoted('stripe:invoice:in_f')} || ${number}`;
    if (text === `stripe:${customer}`) return `${quoted('stripe:cus_')} || (:n::bigint % ${CUSTOMERS})`;
    const id = new RegExp(`^${OWN_ID.source}$`).exec(text);
    if (id) return `${quoted(`${id[1]}_00000000f`)} || ${number}`;
    // As many balances as the service writes to: one alone would be locked from each commit to the next.
    if (/^aff_\d+$/.test(text)) return `'aff_' || (:n::bigint % ${AFFILIATES})`;
    return quoted(text);
  });
}

/** The version of the customer row is only known to the row itself. */
function statementOf(sample: Sample): string {
  const given = expressions(sample);
  const inlined = sample.text.replaceAll(/\$(\d+)/g, (_, number: string) => {
    const expression = given[Number(number) - 1] ?? 'NULL';
    return expression.includes(':n') ? `(${expression})` : expression;
  });
  return inlined.replace('customers.version = excluded.version - 1', 'true');
}

export type Limit = { readonly perSecond: number; readonly by: string };

export async function measureLimit(url: string, sample: Sample, connections: number, seconds: number): Promise<Limit> {
  const statement = statementOf(sample);
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'));
  try {
    await writeFile(
      path.join(folder, 'limit.sql'),
      `\\set n random(1, 1000000000000000)\n${statement.replaceAll('\n', ' ')};\n`,
    );
    const threads = String(Math.min(2, connections));
    const { stdout } = await run(
      'pgbench',
      [
        '-n',
        '-M',
        'prepared',
        '-c',
        String(connections),
        '-j',
        threads,
        '-T',
        String(seconds),
        '-f',
        path.join(folder, 'limit.sql'),
        url,
      ],
      { timeout: (seconds + 60) * 1000 },
    );
    return { perSecond: Number(/tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0), by: 'pgbench' };
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    return {
      perSecond: await plainClient(url, statement, connections, seconds),
      by: 'a plain client in node (no pgbench here; it costs CPU of its own, so the limit reads lower)',
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function plainClient(url: string, statement: string, connections: number, seconds: number): Promise<number> {
  const text = statement.replaceAll(':n', '$1::bigint');
  const end = performance.now() + seconds * 1000;
  const counts = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client(url);
      await client.connect();
      let count = 0;
      for (; performance.now() < end; count += 1)
        await client.query({ name: 'limit', text, values: [String(Math.floor(Math.random() * 1e15))] });
      await client.end();
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}
