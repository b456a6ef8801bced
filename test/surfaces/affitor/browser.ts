/** As much of a browser as the tracker needs: a page with an address, a script tag and cookies that keep to their rules. */
import { createContext, runInContext } from 'node:vm';

type Cookie = { readonly value: string; readonly domain: string | null; readonly attributes: string };

/** Cookies of one visitor: survive from page to page. `publicSuffixes`: domains for which nobody may set any. */
export class Jar {
  readonly cookies = new Map<string, Cookie>();
  readonly written: string[] = [];

  read(host: string): string {
    const fits = ({ domain }: Cookie): boolean => domain === null || `.${host}`.endsWith(domain);
    return [...this.cookies]
      .filter(([, cookie]) => fits(cookie))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  write(text: string, host: string): void {
    const [pair = '', ...attributes] = text.split(';').map((part) => part.trim());
    const [name = '', ...value] = pair.split('=');
    const of = (wanted: string) => attributes.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.split('=')[1];
    const domain = of('domain') ?? null;
    if (domain !== null && (!`.${host}`.endsWith(domain) || ['.co.uk', '.example', '.com'].includes(domain))) return;
    this.written.push(text);
    const expires = of('expires');
    if (expires !== undefined && Date.parse(expires) < Date.now()) this.cookies.delete(name);
    else this.cookies.set(name, { value: value.join('='), domain, attributes: attributes.join('; ') });
  }

  get(name: string): string | undefined {
    return this.cookies.get(name)?.value;
  }
}

/** What the script asks `fetch` for. */
type Init = Omit<RequestInit, 'headers' | 'body'> & { readonly headers: Record<string, string>; readonly body: string };
type Told = { readonly url: string; readonly init: Init; readonly body: Record<string, unknown> };

export type Page = {
  readonly told: Told[];
  readonly affitor: {
    signup(key: string, email?: string): Promise<boolean>;
    trackLead(key: string, email?: string): Promise<boolean>;
    trackClick(url?: string, existing?: string | null): Promise<string | null>;
    getClickId(): string | null;
    getData(): Record<string, unknown>;
  };
  /** When everything that was begun is over. */
  settled(): Promise<void>;
};

export type Visit = {
  readonly address: string;
  readonly script: string;
  readonly src: string;
  readonly jar: Jar;
  readonly attributes?: Record<string, string>;
  readonly globals?: Record<string, unknown>;
  /** Default: the real one. */
  readonly fetch?: typeof fetch;
};

/** Opens a page with the script on it. */
export function visit({ address, script, src, jar, attributes = {}, globals = {}, fetch: send = fetch }: Visit): Page {
  const location = new URL(address);
  const told: Told[] = [];
  const running: Promise<unknown>[] = [];
  const tag = { src, getAttribute: (name: string) => attributes[name] ?? null };
  const document = {
    currentScript: tag,
    title: 'A page',
    referrer: 'https://blog.example/',
    querySelector: () => tag,
    get cookie() {
      return jar.read(location.hostname);
    },
    set cookie(text: string) {
      jar.write(text, location.hostname);
    },
  };
  const window: Record<string, unknown> = { location, innerWidth: 1200, innerHeight: 800, ...globals };
  const tell = (url: string, init: Init): Promise<Response> => {
    told.push({ url, init, body: JSON.parse(init.body) as Record<string, unknown> });
    const answer = send(url, { ...init, headers: { ...init.headers, origin: location.origin } });
    running.push(answer.catch(() => null));
    return answer;
  };
  const context = createContext({
    window,
    document,
    navigator: { userAgent: 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0', language: 'en-US' },
    screen: { width: 1920, height: 1080 },
    fetch: tell,
    URL,
    console,
  });
  runInContext(script, context);
  return {
    told,
    affitor: window['affitor'] as Page['affitor'],
    async settled() {
      await Promise.all(running);
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}
