/** The environment, read once. Every problem is reported at once, with the name, what was read and what is allowed. */
import { z } from 'zod';
import { DOORS } from './core/doors.ts';
import type { RateWindow } from './core/families.ts';
import { families } from './surfaces/index.ts';

/** `whsec_a, whsec_b` → both; each must look like a signing secret, so that a pasted API key is noticed at the start. */
const secrets = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )
  .pipe(
    z.array(z.string().regex(/^whsec_\S+$/, 'must be signing secrets that start with whsec_, separated by commas')),
  );

const HEX_KEY = /^[0-9a-f]{64}$/i;
const BASE64_KEY = /^[A-Za-z0-9+/_-]{43}=?$/;
const ONE_KEY = 'must be 32 bytes as base64 or hex, made with: openssl rand -base64 32; several separated by commas';

/** Keys that seal what is stored: the first seals, all of them open. */
const secretKeys = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )
  .refine((keys) => keys.every((key) => HEX_KEY.test(key) || BASE64_KEY.test(key)), ONE_KEY)
  .transform((keys) => keys.map((key) => Buffer.from(key, HEX_KEY.test(key) ? 'hex' : 'base64')));

const NAMES = families.map(({ name }) => name);
/** Of what has limits: dialects, and what is open to everybody. */
const LIMITED = [...NAMES, ...DOORS.map(({ name }) => name)];
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
const pairOf = (text: string): readonly [string, string] => {
  const colon = text.indexOf(':');
  return [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1).toLowerCase()];
};

/** `affixo:track.example.com,hoko:hoko.example.com` → host name to dialect. */
const hosts = z
  .string()
  .transform((text) => listOf(text).map(pairOf))
  .refine(
    (pairs) => pairs.every(([name, host]) => NAMES.includes(name) && /^[a-z0-9.-]+$/.test(host)),
    `must be like affixo:track.example.com, separated by commas; dialects are ${NAMES.join(', ')}`,
  )
  .refine((pairs) => new Set(pairs.map(([, host]) => host)).size === pairs.length, 'must name a host once')
  .transform((pairs) => new Map(pairs.map(([name, host]) => [host, name])));

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };
const WINDOW = /^([1-9]\d{0,8})\/(s|min|h)$/;

/** `600/min+20/s` → windows; `off`: none; null: neither. */
function windowsOf(text: string): readonly RateWindow[] | null {
  if (text === 'off') return [];
  const windows = text.split('+').flatMap((one) => {
    const [, points, unit = ''] = WINDOW.exec(one) ?? [];
    return points === undefined ? [] : [{ points: Number(points), seconds: SECONDS[unit] ?? 1 }];
  });
  const fits = windows.length === text.split('+').length && new Set(windows.map(({ seconds }) => seconds)).size;
  return fits === windows.length ? windows : null;
}

/** `off`, `on`, or windows instead of the usual ones: `affonso:600/min+20/s,links:off`. null: off. */
const rateLimits = z
  .string()
  .refine(
    (text) =>
      ['on', 'off'].includes(text) ||
      listOf(text)
        .map(pairOf)
        .every(([name, rest]) => LIMITED.includes(name) && windowsOf(rest) !== null),
    `must be on, off, or like affonso:600/min+20/s,links:off; there are ${LIMITED.join(', ')}`,
  )
  .transform((text) => {
    if (text === 'off') return null;
    const pairs = text === 'on' ? [] : listOf(text).map(pairOf);
    return new Map(pairs.map(([name, rest]) => [name, windowsOf(rest) ?? []]));
  });

const PROXIES = 'must be how many proxies stand in front, 0 to 10';

const schema = z.object({
  PORT: z.coerce.number({ error: 'must be a number' }).int().min(0).max(65_535).default(8080),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://commissions.example.com' })
    .optional(),
  DATABASE_URL: z
    .string()
    .regex(/^(postgres(ql)?:\/\/.+|bundled)$/, 'must be postgres://user:password@host:5432/name, or the word bundled')
    .optional(),
  STRIPE_WEBHOOK_SECRET: secrets.default([]),
  STRIPE_API_KEY: z
    .string()
    .regex(/^(sk|rk)_(live|test)_\S+$/, 'must be a secret or restricted key: rk_live_…')
    .optional(),
  STRIPE_API_BASE: z.url({ protocol: /^https?$/, error: 'must be a URL' }).optional(),
  TRIBUTARY_ADMIN_KEY: z
    .string()
    .regex(/^sk_(live|dev)_[A-Za-z0-9]{16,}$/, 'must be sk_live_ or sk_dev_ and at least 16 letters and digits')
    .optional(),
  TRIBUTARY_SECRET_KEY: secretKeys.default([]),
  DIALECT_HOSTS: hosts.default(new Map()),
  RATE_LIMITS: rateLimits.default(new Map()),
  TRUSTED_PROXIES: z.coerce.number({ error: PROXIES }).int(PROXIES).min(0, PROXIES).max(10, PROXIES).default(0),
  TRIBUTARY_DATA: z.string().default('./data'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  NODE_ENV: z.string().optional(),
});

export type Config = {
  readonly port: number;
  readonly host: string;
  /** Without a trailing slash; null: derived from where it listens. */
  readonly publicUrl: string | null;
  /** null: the bundled PostgreSQL. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Signing secrets by workspace. */
  readonly webhookSecrets: ReadonlyMap<string, readonly string[]>;
  readonly stripeApiKey: string | null;
  /** null: Stripe's own. */
  readonly stripeApiBase: string | null;
  readonly adminKey: string | null;
  /** What seals secrets at rest, newest first; empty: nothing secret can be stored. */
  readonly secretKeys: readonly Buffer[];
  /** Host name → the dialect that is spoken there. */
  readonly dialectHosts: ReadonlyMap<string, string>;
  /** Dialect, `links` or `qrcode` → windows instead of its own; null: no limits at all. */
  readonly rateLimits: ReadonlyMap<string, readonly RateWindow[]> | null;
  /** How many proxies in front tell where a call came from; 0: whoever connects is the caller. */
  readonly trustedProxies: number;
  readonly logLevel: string;
};

/** A configuration that cannot be used; the message lists every problem. */
export class ConfigError extends Error {}

const SECRET_OF = /^STRIPE_WEBHOOK_SECRET_([A-Z0-9_]+)$/;

/** `STRIPE_WEBHOOK_SECRET` serves workspace default, `STRIPE_WEBHOOK_SECRET_ACME_EU` serves `acme-eu`. */
function secretsByWorkspace(
  env: Readonly<Record<string, string>>,
  own: readonly string[],
): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>([['default', own]]);
  for (const [name, value] of Object.entries(env)) {
    const workspace = SECRET_OF.exec(name)?.[1];
    if (workspace) found.set(workspace.toLowerCase().replaceAll('_', '-'), secrets.parse(value));
  }
  return found;
}

/** Reads the environment; empty values count as absent. Throws a `ConfigError` that names everything that is wrong. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const env = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1]?.trim())),
  );
  const read = schema.safeParse(env);
  const problems = read.success ? [] : read.error.issues.map((issue) => describe(issue, env));
  for (const [name, value] of Object.entries(env))
    if (SECRET_OF.test(name) && !secrets.safeParse(value).success)
      problems.push(`${name} must be signing secrets that start with whsec_`);
  if (read.success && read.data.NODE_ENV === 'production' && read.data.DATABASE_URL === undefined)
    problems.push(
      'DATABASE_URL is not set. In production the bundled PostgreSQL must be asked for: set it to postgres://user:password@host:5432/name, or to the word bundled.',
    );
  if (!read.success || problems.length > 0)
    throw new ConfigError(`The configuration cannot be used:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
  const { data } = read;
  return {
    port: data.PORT,
    host: data.HOST,
    publicUrl: data.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    databaseUrl: data.DATABASE_URL === undefined || data.DATABASE_URL === 'bundled' ? null : data.DATABASE_URL,
    dataDir: data.TRIBUTARY_DATA,
    webhookSecrets: secretsByWorkspace(env, data.STRIPE_WEBHOOK_SECRET),
    stripeApiKey: data.STRIPE_API_KEY ?? null,
    stripeApiBase: data.STRIPE_API_BASE ?? null,
    adminKey: data.TRIBUTARY_ADMIN_KEY ?? null,
    secretKeys: data.TRIBUTARY_SECRET_KEY,
    dialectHosts: data.DIALECT_HOSTS,
    rateLimits: data.RATE_LIMITS,
    trustedProxies: data.TRUSTED_PROXIES,
    logLevel: data.LOG_LEVEL,
  };
}

const SECRET_NAMES = /KEY|SECRET|URL/;

/** Name, what was read (never a secret), what is allowed. */
function describe(issue: z.core.$ZodIssue, env: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0] ?? '');
  const value = SECRET_NAMES.test(name) ? 'a value that does not fit' : `"${env[name] ?? ''}"`;
  return `${name} is ${value}: ${issue.message}`;
}
