/** Lists oldest first. Stripe lists newest first; from an object on, `ending_before` goes towards the newer ones. */
import { PAGE } from './client.ts';

/** Seconds: `gte` belongs to it, `lt` does not. */
export type Span = { readonly gte: number; readonly lt: number };

export type Params = {
  readonly created: Span;
  readonly limit: number;
  readonly ending_before?: string;
  readonly starting_after?: string;
};

export type Dated = { readonly id: string; readonly created: number };

export type Page<T> = { readonly data: readonly T[]; readonly has_more: boolean };

/** One request for one page. */
export type List<T> = (params: Params) => Promise<Page<T>>;

/** Pages of what was created in a span, oldest first. One page is in memory at a time. */
export async function* ascending<T extends Dated>(list: List<T>, created: Span): AsyncGenerator<readonly T[]> {
  let { data, has_more: more } = await oldest(list, created);
  while (data.length > 0) {
    yield data.toReversed();
    const [newest] = data;
    if (!more || !newest) return;
    ({ data, has_more: more } = await list({ created, limit: PAGE, ending_before: newest.id }));
  }
}

/**
 * The page of the oldest ones, newest first, and whether there are newer ones. Found by halving the span until what is
 * left fits on a page: some twenty requests for a month, where going through all pages backwards may be thousands.
 */
async function oldest<T extends Dated>(list: List<T>, whole: Span): Promise<Page<T>> {
  let { gte, lt } = whole;
  let page = await list({ created: whole, limit: PAGE });
  if (!page.has_more) return page;
  while (page.has_more && lt - gte > 1) {
    const middle = Math.floor((gte + lt) / 2);
    const older = await list({ created: { gte, lt: middle }, limit: PAGE });
    if (older.data.length === 0) gte = middle;
    else [page, lt] = [older, middle];
  }
  // More than a page within one second: back through its pages.
  while (page.has_more) {
    const last = page.data.at(-1);
    if (!last) break;
    page = await list({ created: { gte, lt }, limit: PAGE, starting_after: last.id });
  }
  return { data: page.data, has_more: true };
}

/** Several lists as one, by the second they were created in. */
export async function* merged<T extends Dated>(sources: readonly AsyncIterable<readonly T[]>[]): AsyncGenerator<T> {
  const heads = await Promise.all(sources.map(async (source) => next(source[Symbol.asyncIterator]())));
  for (;;) {
    const [first] = heads.filter((head) => head.rest.length > 0).toSorted((a, b) => createdOf(a) - createdOf(b));
    const item = first?.rest[0];
    if (!first || !item) return;
    yield item;
    first.rest = first.rest.slice(1);
    if (first.rest.length === 0) Object.assign(first, await next(first.pages));
  }
}

type Head<T> = { pages: AsyncIterator<readonly T[]>; rest: readonly T[] };

const createdOf = <T extends Dated>({ rest }: Head<T>): number => rest[0]?.created ?? 0;

async function next<T>(pages: AsyncIterator<readonly T[]>): Promise<Head<T>> {
  const { value, done } = await pages.next();
  return { pages, rest: done === true ? [] : value };
}
