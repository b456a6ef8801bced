/**
 * The text of a key: its family's beginning, 32 random characters and a checksum of 6, so that a scanner of leaked
 * secrets knows one when it sees one.
 */
import { createHash, randomInt } from 'node:crypto';
import type { Beginnings, KeyFamily } from '../core/families.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32;
const CHECK_LENGTH = 6;

/** CRC-32 (IEEE 802.3) of ASCII text; `zlib.crc32` is missing in Node 20.19 and younger lines before 22.2. */
export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum of a key's random part: CRC-32 in base 62, six characters. */
export function checkOf(random: string): string {
  let rest = crc32(random);
  let digits = '';
  for (let index = 0; index < CHECK_LENGTH; index += 1) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

export function newKeyText(beginning: string): string {
  let random = '';
  while (random.length < RANDOM_LENGTH) random += ALPHABET.charAt(randomInt(ALPHABET.length));
  return `${beginning}${random}${checkOf(random)}`;
}

export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** What keys of the family begin with for this holder; null: affiliates hold none in this family. */
export function beginningsOf(family: KeyFamily, affiliateId: string | null): Beginnings | null {
  return affiliateId === null ? family.beginnings : family.affiliateBeginnings;
}

/** Which beginning a key has and of which world it is; null: it has none of ours, as keys of elsewhere may. */
export function lookOf(key: string, { live, test }: Beginnings): { beginning: string; livemode: boolean } | null {
  if (key.startsWith(test)) return { beginning: test, livemode: false };
  return key.startsWith(live) ? { beginning: live, livemode: true } : null;
}

/** Beginning and last four characters: enough to recognise a key, useless to use it. */
export function shownKey(key: string, beginning: string): string {
  return `${beginning}…${key.slice(-4)}`;
}
