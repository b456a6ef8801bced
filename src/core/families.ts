/**
 * The keys of one HTTP dialect: how they look, how they are sent and what they may (apis.md 6.2). All families share
 * one table; a key opens the paths of its own dialect only.
 */
export type Beginnings = { readonly live: string; readonly test: string };

export type KeyFamily = {
  readonly name: string;
  /** What new keys begin with. */
  readonly beginnings: Beginnings;
  /** The same for keys that an affiliate holds; null: there are none. */
  readonly affiliateBeginnings: Beginnings | null;
  /** What is taken for a key at all, made here or brought along. Never looks at the header around it. */
  readonly shape: RegExp;
  /** A sentence on how to send one. */
  readonly how: string;
  /** What may stand among the permissions of a key. */
  readonly scope: RegExp;
  /** The key in an `Authorization` header; null: there is none in it. */
  read(authorization: string): string | null;
  allows(scopes: readonly string[], needed: string): boolean;
};

/** The token behind `Bearer`, whatever the case of that word; null: the header is something else. */
export function bearerToken(authorization: string): string | null {
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null;
}

/** Is this text the beginning of a key of the family, however damaged the rest? Decides shapes of errors, not access. */
export function claims({ beginnings, affiliateBeginnings }: KeyFamily, authorization: string): boolean {
  const token = authorization.replace(/^bearer +/i, '');
  const all = [beginnings.live, beginnings.test, affiliateBeginnings?.live, affiliateBeginnings?.test];
  return all.some((beginning) => beginning !== undefined && token.startsWith(beginning));
}

/** So many calls of one key in so many seconds. */
export type RateWindow = { readonly points: number; readonly seconds: number };
