/** `stripe backfill`: what Stripe's lists show and no webhook brought. Only reads are sent to Stripe. */
import colors from 'picocolors';
import type { Parts } from '../compose.ts';
import type { Config } from '../config.ts';
import { KeyRefused, RateLimited, Unreachable } from '../core/answers.ts';
import { toIso } from '../core/time.ts';
import { backfill as walkOf, type Source } from '../pipeline/backfill.ts';
import { refusalInWords } from '../pipeline/refused.ts';
import { moveCursor, type Cursor } from '../store/backfills.ts';
import { planOf, sinceOf, type Wish } from './backfill-plan.ts';
import { inWords, newTally, type Tally } from './backfill-report.ts';
import { opened, toldInWords, type Options } from './opened.ts';
import { openProgress } from './progress.ts';
import { reachedOf } from './reached.ts';

/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** 0: all was taken in; 1: it was refused, or something could not be decided; 130: interrupted, to be taken up again. */
export async function backfill(config: Config, _: readonly string[], options: Options): Promise<number> {
  return toldInWords(async () => {
    const wish: Wish = {
      // Before anything is opened: what is wrong with the words needs no database.
      since: sinceOf(options['since'], Date.now()),
      objects: options['objects'] === true,
      restart: options['restart'] === true,
      dryRun: options['dryRun'] === true,
    };
    return opened(config, 4, (parts) => fillAll(parts, wish, options));
  });
}

async function fillAll(parts: Parts, wish: Wish, options: Options): Promise<number> {
  const stop = { asked: false };
  // The second Ctrl-C ends it at once, which loses nothing either.
  process.once('SIGINT', () => {
    stop.asked = true;
    console.error('Stopping after this page; Ctrl-C again stops at once.');
  });
  const sources = await reachedOf(parts, await parts.reach.sources(), options);
  let code = 0;
  for (const source of sources) {
    if (stop.asked) break;
    code = Math.max(code, await fill(parts, source, wish, stop));
  }
  return stop.asked ? INTERRUPTED : code;
}

type Stop = { readonly asked: boolean };

async function fill(parts: Parts, source: Source, wish: Wish, stop: Stop): Promise<number> {
  const { work } = parts;
  const begun = performance.now();
  const { cursors, resumed } = await planOf(work.database.of(source.workspace), source, wish, work.now());
  console.log(colors.bold(titleOf(source, wish)));
  if (resumed) console.log('  It was stopped before and goes on from where it was (--restart begins anew):');
  const tally = newTally();
  for (const cursor of cursors) {
    if (stop.asked) break;
    if (resumed) console.log(`  ${cursor.stream}: ${cursor.finished ? 'done' : `from ${toIso(cursor.reached)}`}`);
    if (cursor.finished) continue;
    const problem = await walk(parts, source, cursor, { wish, tally, stop });
    if (problem === null) continue;
    console.error(problem);
    console.log(inWords(tally, wish.dryRun, performance.now() - begun));
    return 1;
  }
  console.log(inWords(tally, wish.dryRun, performance.now() - begun));
  if (stop.asked) console.log('  Stopped. The same command goes on from here.');
  return tally.failed === 0 ? 0 : 1;
}

function titleOf({ workspace, account, livemode }: Source, { since, dryRun }: Wish): string {
  const whose = account === null ? 'the account of STRIPE_API_KEY' : `account ${account}`;
  return `${dryRun ? 'What is missing' : 'Backfill'} of workspace "${workspace}", ${whose} (${livemode ? 'live' : 'test'}), since ${toIso(since)}`;
}

type Under = { readonly wish: Wish; readonly tally: Tally; readonly stop: Stop };

/** Walks one list and keeps its place after each page. What ended it, in words; null: it is done, or was stopped. */
async function walk(
  { work }: Parts,
  source: Source,
  { stream, reached: from, until }: Cursor,
  { wish, tally, stop }: Under,
): Promise<string | null> {
  const tx = work.database.of(source.workspace);
  const progress = openProgress(stream);
  let heard = 0;
  try {
    for await (const page of walkOf(work, source, { stream, from, to: until, dryRun: wish.dryRun })) {
      heard += page.heard;
      tally.add(page);
      progress.advance(Math.min(1, Math.max(0, (page.reached - from) / Math.max(1, until - from))), heard);
      const missing = Object.values(page.missing).reduce((sum, count) => sum + count, 0);
      if (!wish.dryRun) await moveCursor(tx, source, stream, { reached: page.reached, missing, finishedAt: null });
      if (stop.asked) return null;
    }
    if (!wish.dryRun) await moveCursor(tx, source, stream, { reached: until, missing: 0, finishedAt: work.now() });
    progress.advance(1, heard);
    return null;
  } catch (error) {
    return problemOf(source, stream, error);
  } finally {
    progress.close();
  }
}

function problemOf(source: Source, stream: string, error: unknown): string {
  const needs = source.lister.streams.find(({ name }) => name === stream)?.needs ?? stream;
  if (error instanceof KeyRefused) return refusalInWords(source, error, needs);
  if (error instanceof RateLimited || error instanceof Unreachable)
    return `Stripe did not answer for two minutes (${error.message}). The same command goes on from where it was.`;
  throw error;
}
