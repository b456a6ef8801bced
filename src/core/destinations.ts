/** Where links lead: which texts may be a destination, and what the redirect adds to it. */

/** What a link's utm object may hold, and the names its values have in a query. */
export const UTM = {
  source: 'utm_source',
  medium: 'utm_medium',
  campaign: 'utm_campaign',
  term: 'utm_term',
  content: 'utm_content',
  referral: 'ref',
} as const;

export type UtmName = keyof typeof UTM;
export type Utm = Readonly<Partial<Record<UtmName, string>>>;

/** The query parameter that carries a click to the destination. */
export const CLICK_PARAMETER = 'hoko_id';

export const LONGEST_PAGE = 2000;

/**
 * An address as it is read; null: nobody can read it. `URL.canParse` would do, but before Node 24 it takes hosts such as
 * `münchen.example` for none once it has been asked some thousand times.
 */
export function urlIn(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** A page that may be linked or sent to: http or https, with a host, at most 2000 characters, no control characters. */
export function isPage(text: string): boolean {
  if (text.length > LONGEST_PAGE || !/^https?:\/\/[^\s/?#]/i.test(text) || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text))
    return false;
  return urlIn(text) !== null;
}

/** What is said of a field that is no page. */
export const NO_PAGE = `must be an http or https URL of at most ${LONGEST_PAGE} characters, such as https://example.com`;

/** An address that somebody's browser told, where it may be shown as a link; null: it may not, or there is none. */
export function shownPage(told: unknown): string | null {
  return typeof told === 'string' && isPage(told) ? told : null;
}

/** `a%20b=1` → `a b`: the name of one part of a query. */
function nameOf(part: string): string {
  const [name = ''] = part.split('=', 1);
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

/**
 * The destination with the link's utm and the click in its query. What is there stays as it is written, fragment and all;
 * a utm parameter that the destination has itself is not added again, and a click of somebody else makes room for ours.
 * `clickId` null: the visit is not counted.
 */
export function withClick(destination: string, utm: Utm | null, clickId: string | null): string {
  const url = new URL(destination);
  const all = url.search === '' ? [] : url.search.slice(1).split('&');
  const kept = clickId === null ? all : all.filter((part) => nameOf(part) !== CLICK_PARAMETER);
  const names = new Set(kept.map(nameOf));
  const added = Object.entries(UTM).flatMap(([field, name]) => {
    const value = utm?.[field as UtmName];
    return value === undefined || names.has(name) ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  const click = clickId === null ? [] : [`${CLICK_PARAMETER}=${encodeURIComponent(clickId)}`];
  const query = [...kept, ...added, ...click];
  // One question mark is the setter's to take away.
  url.search = query.length === 0 ? '' : `?${query.join('&')}`;
  return url.href;
}
