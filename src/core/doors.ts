/**
 * What is open to everybody, without a key and of no dialect: how often one address may come. The operator changes it by
 * the same variable and the same words as the limits of dialects.
 */
import type { RateWindow } from './families.ts';

export type Door = { readonly name: string; readonly windows: readonly RateWindow[] };

/** Short links. Many people may stand behind one address: a mobile network, an office. */
export const LINKS: Door = { name: 'links', windows: [{ points: 300, seconds: 60 }] };

/** Pictures, each of which costs some milliseconds of the processor; browsers keep them for a year. */
export const QR_CODES: Door = { name: 'qrcode', windows: [{ points: 120, seconds: 60 }] };

/** Pages on which affiliates see their own numbers. */
export const PORTAL: Door = { name: 'portal', windows: [{ points: 120, seconds: 60 }] };

export const DOORS: readonly Door[] = [LINKS, QR_CODES, PORTAL];
