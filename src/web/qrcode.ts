/** `GET /qrcode?text=…`: a QR code as a picture, as the replies about links name it. Open to everybody, so it is bounded. */
import type { Context } from 'koa';
import encodeQR, { type ErrorCorrection } from 'qr';
import { z } from 'zod';
import { QR_CODES } from '../core/doors.ts';
import { tooOften, type Limiting } from './limiting.ts';

export const QR_CODE = '/qrcode';

/** Bytes; what a code with the highest correction holds, and a little less. */
const LONGEST_TEXT = 1000;
const DAYS_KEPT = 365;

const LEVELS: Readonly<Record<string, ErrorCorrection>> = { L: 'low', M: 'medium', Q: 'quartile', H: 'high' };

function whole(least: number, most: number, absent: string) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int(error).min(least, error).max(most, error).default(Number(absent));
}

function color(absent: string) {
  return z
    .string()
    .regex(/^([0-9a-f]{3}|[0-9a-f]{6})$/i, 'must be three or six hexadecimal digits')
    .default(absent);
}

const picture = z.object({
  text: z
    .string({ error: 'must be given once' })
    .min(1, 'must not be empty')
    .refine((text) => Buffer.byteLength(text) <= LONGEST_TEXT, `must be at most ${LONGEST_TEXT} bytes`),
  size: whole(16, 4096, '512'),
  margin: whole(0, 20, '1'),
  errorCorrection: z.enum(['L', 'M', 'Q', 'H'], { error: 'must be L, M, Q or H' }).default('H'),
  foreground: color('000000'),
  background: color('FFFFFF'),
  format: z.literal('svg', { error: 'must be svg' }).default('svg'),
});

/** Answers with an SVG, or with what is wrong in one sentence. */
export async function drawQrCode(limiting: Limiting | null, ctx: Context): Promise<void> {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    ctx.set('Allow', 'GET, HEAD');
    return refuse(ctx, 405, 'method_not_allowed');
  }
  const wait = await tooOften(limiting, ctx, QR_CODES);
  if (wait !== null) {
    ctx.set('Retry-After', String(wait));
    return refuse(ctx, 429, `Too many QR codes were asked for from your address. Try again in ${wait} s.`);
  }
  const asked = picture.safeParse({ ...ctx.query });
  if (!asked.success) {
    const [first] = asked.error.issues;
    return refuse(ctx, 400, `${first?.path.join('.')} ${first?.message}`);
  }
  ctx.set({
    'Cache-Control': `public, max-age=${DAYS_KEPT * 86_400}, immutable`,
    'Content-Security-Policy': "default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
  });
  ctx.type = 'image/svg+xml; charset=utf-8';
  ctx.body = svgOf(asked.data);
}

function refuse(ctx: Context, status: number, error: string): void {
  ctx.status = status;
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = JSON.stringify({ error });
}

/** One path of dark runs, row by row. */
function svgOf({ text, size, margin, errorCorrection, foreground, background }: z.infer<typeof picture>): string {
  // The narrowest border there is, cut away again: ours may be none.
  const framed = encodeQR(text, 'raw', { ecc: LEVELS[errorCorrection], border: 1 });
  const modules = framed.slice(1, -1).map((row) => row.slice(1, -1));
  const side = modules.length + 2 * margin;
  const path = modules.flatMap((row, y) =>
    runsOf(row).map(([x, width]) => `M${x + margin} ${y + margin}h${width}v1h-${width}z`),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><rect width="${side}" height="${side}" fill="#${background}"/><path fill="#${foreground}" d="${path.join('')}"/></svg>`;
}

function runsOf(row: readonly boolean[]): [start: number, length: number][] {
  const runs: [number, number][] = [];
  for (const [x, dark] of row.entries()) {
    const last = runs.at(-1);
    if (!dark) continue;
    if (last && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  }
  return runs;
}
