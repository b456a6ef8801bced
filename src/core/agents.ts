/** What a user agent says of the device, roughly: enough to see where clicks come from, too little to tell people apart. */
export type Agent = {
  readonly device: 'mobile' | 'tablet' | 'desktop' | null;
  readonly browser: string | null;
  readonly os: string | null;
};

type Named = readonly (readonly [name: string, sign: RegExp])[];

/** The first sign that is found counts: a browser also names those it descends from. */
const BROWSERS: Named = [
  ['Edge', /\bEdg(e|A|iOS)?\//],
  ['Opera', /\b(OPR|Opera|OPT)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Instagram', /\bInstagram\b/],
  ['Facebook', /\bFB(AN|AV)\b/],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(Chrome|CriOS|Chromium)\//],
  ['Safari', /\bSafari\//],
];

const SYSTEMS: Named = [
  ['iOS', /\b(iPhone|iPad|iPod)\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['macOS', /\b(Macintosh|Mac OS X)\b/],
  ['Linux', /\bLinux\b/],
];

const nameIn = (names: Named, text: string): string | null => names.find(([, sign]) => sign.test(text))?.[0] ?? null;

/** Everything null where nothing is known. */
export function agentOf(userAgent: string | null): Agent {
  if (userAgent === null) return { device: null, browser: null, os: null };
  const os = nameIn(SYSTEMS, userAgent);
  const tablet = /\biPad\b/.test(userAgent) || (os === 'Android' && !/\bMobile\b/.test(userAgent));
  const mobile = os === 'iOS' || os === 'Android' || /\bMobile\b/.test(userAgent);
  const device = tablet ? 'tablet' : mobile ? 'mobile' : os === null ? null : 'desktop';
  return { device, browser: nameIn(BROWSERS, userAgent), os };
}
