/** What a browser says it is, in the few words that lists show. Only what is plain; everything else is null. */
export type Device = {
  readonly device_type: 'desktop' | 'mobile' | 'tablet' | null;
  readonly device_os: string | null;
  readonly browser_name: string | null;
};

type Mark = readonly [pattern: RegExp, name: string];

/** The first that fits counts: most browsers claim to be others as well. */
const SYSTEMS: readonly Mark[] = [
  [/iphone|ipad|ipod/i, 'iOS'],
  [/android/i, 'Android'],
  [/windows/i, 'Windows'],
  [/mac os x|macintosh/i, 'macOS'],
  [/cros/i, 'ChromeOS'],
  [/linux/i, 'Linux'],
];

const BROWSERS: readonly Mark[] = [
  [/edg(e|a|ios)?\//i, 'Edge'],
  [/opr\/|opera/i, 'Opera'],
  [/samsungbrowser/i, 'Samsung Internet'],
  [/firefox|fxios/i, 'Firefox'],
  [/chrome|crios|chromium/i, 'Chrome'],
  [/safari/i, 'Safari'],
];

const named = (marks: readonly Mark[], text: string): string | null =>
  marks.find(([pattern]) => pattern.test(text))?.[1] ?? null;

export function deviceOf(userAgent: unknown): Device {
  const text = typeof userAgent === 'string' ? userAgent : '';
  const system = named(SYSTEMS, text);
  return { device_type: typeOf(text, system), device_os: system, browser_name: named(BROWSERS, text) };
}

function typeOf(text: string, system: string | null): Device['device_type'] {
  if (system === null) return null;
  if (/ipad|tablet/i.test(text) || (system === 'Android' && !/mobile/i.test(text))) return 'tablet';
  return system === 'iOS' || system === 'Android' ? 'mobile' : 'desktop';
}
